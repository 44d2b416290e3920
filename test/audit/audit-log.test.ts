import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { readAuditLog } from '../../operator/audit/formats/audit-log.ts';
import { auditJson } from './sample-events.ts';

const line = (auditID: string): string => JSON.stringify(auditJson({ auditID }));
async function* chunks(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield await Promise.resolve(bytes.subarray(start, start + size));
}
const read = async (bytes: Buffer, size = 1000): Promise<{ ids: string[]; problems: number; batches: number }> => {
  const result = { ids: [] as string[], problems: 0, batches: 0 };
  for await (const batch of readAuditLog(chunks(bytes, size))) {
    result.ids.push(...batch.events.map(({ auditID }) => auditID));
    result.problems += [...batch.problemCounts.values()].reduce((sum, count) => sum + count, 0);
    result.batches += 1;
  }
  return result;
};

describe('readAuditLog', () => {
  const log = `${line('a')}\n${line('b')}\ntorn{\n${line('c')}`;
  it('reads lines, and counts what is no event', async () => {
    expect(await read(Buffer.from(log))).to.deep.equal({ ids: ['a', 'b', 'c'], problems: 1, batches: 1 });
  });

  it('reads gzip in pieces of any size', async () => {
    expect((await read(gzipSync(log), 7)).ids).to.deep.equal(['a', 'b', 'c']);
  });

  it('reads an indented list, and an indented event', async () => {
    const list = { kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [auditJson({ auditID: 'a' }), auditJson({ auditID: 'b' })] };
    expect((await read(Buffer.from(JSON.stringify(list, null, 2)))).ids).to.deep.equal(['a', 'b']);
    expect((await read(Buffer.from(JSON.stringify(auditJson({ auditID: 'a' }), null, 4)))).ids).to.deep.equal(['a']);
  });

  it('reads long logs in batches', async () => {
    const many = Array.from({ length: 2500 }, (_, index) => line(`e${index}`)).join('\n');
    const { ids, batches } = await read(Buffer.from(many), 100_000);
    expect([ids.length, ids.at(-1), batches]).to.deep.equal([2500, 'e2499', 3]);
  });

  it('reads nothing from an empty log', async () => {
    expect(await read(Buffer.alloc(0))).to.deep.equal({ ids: [], problems: 0, batches: 1 });
  });
});
