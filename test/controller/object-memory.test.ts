import { expect } from 'chai';
import { ObjectMemory } from '../../operator/controller/object-memory.ts';

const object = (uid: string): { metadata: { name: string; uid: string } } => ({ metadata: { name: 'a', uid } });

describe('what a controller remembers of objects', () => {
  it('is the same for an object, new for another of its name, and nothing once it is gone', () => {
    const memory = new ObjectMemory<string[]>(() => []);
    memory.of('a', object('1')).push('x');
    expect(memory.of('a', object('1'))).to.deep.equal(['x']);
    expect(memory.of('a', object('2'))).to.deep.equal([]);
    expect(memory.size).to.equal(1);
    memory.forget('a');
    expect(memory.size).to.equal(0);
  });
});
