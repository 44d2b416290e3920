import { expect } from 'chai';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
import { ListInterrupted } from '../../../operator/kube/watch/initial-list.ts';
import { readingReports, type ReportLists } from '../../../operator/reports/sweeping/report-lists.ts';

describe('reading the reports', () => {
  const failing = (error: Error): { used: ReportLists[]; read: (lists: ReportLists) => Promise<string> } => {
    const used: ReportLists[] = [];
    return {
      used,
      read: (lists) => (used.push(lists) === 1 ? Promise.reject(error) : Promise.resolve('read')),
    };
  };

  for (const error of [new ListInterrupted('changed'), new KubeApiError('no watch', { status: 403 })])
    it(`begins again in pages after ${error.message}`, async () => {
      const { used, read } = failing(error);
      expect(await readingReports(read)).to.equal('read');
      expect(new Set(used).size).to.equal(2);
    });

  it('fails with any other error', async () => {
    const { used, read } = failing(new KubeApiError('gone', { status: 500 }));
    expect(String(await readingReports(read).catch((error: unknown) => error))).to.equal('KubeApiError: gone');
    expect(used).to.have.length(1);
  });
});
