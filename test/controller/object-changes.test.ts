import { expect } from 'chai';
import { specChanges } from '../../operator/controller/object-changes.ts';
import type { ChangeType } from '../../operator/kube/watch/list-watch.ts';

describe('specChanges', () => {
  it('is true for a new object, another generation and a deletion', () => {
    const isMore = specChanges();
    const changes: readonly (readonly [uid: string, generation: number, type: ChangeType, expected: boolean])[] = [
      ['a', 1, 'ADDED', true],
      ['a', 1, 'MODIFIED', false],
      ['b', 1, 'ADDED', true],
      ['a', 2, 'MODIFIED', true],
      ['a', 2, 'ADDED', false],
      ['a', 2, 'DELETED', true],
      ['a', 2, 'ADDED', true],
      ['b', 1, 'MODIFIED', false],
    ];
    const matches = changes.map(([uid, generation, type]) => isMore({ metadata: { name: 'p', uid, generation } }, type));
    expect(matches).to.deep.equal(changes.map(([, , , expected]) => expected));
  });
});
