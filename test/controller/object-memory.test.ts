import { expect } from 'chai';
import { ObjectMemory } from '../../operator/controller/object-memory.ts';

const object = (uid: string): { metadata: { name: string; uid: string } } => ({ metadata: { name: 'a', uid } });

describe('the object memory', () => {
  it('keeps the state of one uid, and starts with new state for another object of the name', () => {
    const memory = new ObjectMemory<string[]>(() => []);
    memory.of('a', object('1')).push('x');
    expect(memory.of('a', object('1'))).to.deep.equal(['x']);
    expect(memory.of('a', object('2'))).to.deep.equal([]);
    expect(memory.size).to.equal(1);
    memory.forget('a');
    expect(memory.size).to.equal(0);
  });
});
