import { expect } from 'chai';
import type { ImagePlan } from '../../operator/images/image-plan.ts';
import { inventoryInputs, matchInputs, inputsOf } from '../../operator/images/jobs/scanner-inputs.ts';
import type { ImageJob } from '../../operator/images/jobs/image-job-list.ts';
import { isOutdated, matchAgeOf, currentInputs, workJobs } from '../../operator/images/image-work.ts';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import type { ImageSettings } from '../../operator/images/image-settings.ts';

const limits = { imageJobs: 2, imageJobsPerNode: 1, imageInterval: 300 };
const settings: ImageSettings = { ...limits, scannerImage: 't:1', databaseImage: 'db:1', javaIndexImage: 'java:1' };
const pods = { namespace: 'v', image: 'v', imagePullPolicy: 'Never', imagePullSecrets: [] } as const;
const image = { digest: 'd', reference: 'own/web@d' };
const references = ['own/web@d', 'mirror/web@d'];
const plan: ImagePlan = { inventories: [{ key: 'd' }], match: ['d'], forget: [] };

/** Returns the Jobs of a plan for one image: first the inventory Job, then the match Job. */
function jobsOf(
  given: ImageSettings,
  { pull = false, failedReferences }: { pull?: boolean; failedReferences?: readonly string[] } = {},
): ImageJob[] {
  const place = { image, references, nodes: [], ...(pull ? { pull } : {}) };
  const failure = failedReferences && { failure: { step: 'inventory', reason: '', at: 0, attempts: 1, failedReferences } as const };
  const ledger = { d: { seen: 0, inventory: { configMaps: ['c'], at: 0 }, ...failure } };
  const jobs = workJobs(plan, { ledger, places: new Map([['d', place]]) }, { pods, settings: given });
  return jobs.map((job) => ({ job, part: job.metadata.labels?.['vigil.dev/part'] ?? '', images: ['d'] }));
}

describe('workJobs', () => {
  const repository: ImageSettings = { ...limits, scannerImage: 't:1', databaseRepository: 'r/db:2' };
  for (const [what, given, pull] of [
    ['a mounted image', settings, false],
    ['a mounted image without an index', { ...settings, javaIndexImage: undefined }, false],
    ['a pulled image', settings, true],
    ['a pulled image and a database repository', repository, true],
  ] as const) {
    // Otherwise a failure would be retried at once without end.
    it(`records the same scanner inputs in the Jobs as in the plan for ${what}`, () => {
      const [inventory, match] = jobsOf(given, { pull });
      expect([inventory && inputsOf(inventory.job), match && inputsOf(match.job)]).to.deep.equal([
        inventoryInputs(currentInputs(given), pull),
        matchInputs(currentInputs(given)),
      ]);
      expect([inventory, match].map((job) => job && isOutdated(job, currentInputs(given)))).to.deep.equal([false, false]);
    });
  }

  it('returns Jobs that are outdated after the scanner, the database or the index they use changed', () => {
    const outdated = (now: ImageSettings): boolean[] => jobsOf(settings).map((job) => isOutdated(job, currentInputs(now)));
    expect(outdated({ ...settings, scannerImage: 't:2' })).to.deep.equal([true, true]);
    expect(outdated({ ...settings, databaseImage: 'db:2' })).to.deep.equal([false, true]);
    expect(outdated({ ...settings, javaIndexImage: 'java:2' })).to.deep.equal([true, false]);
  });

  it('uses the first reference that was not tried', () => {
    const named = (failedReferences?: readonly string[]): boolean[] =>
      references.map((name) => JSON.stringify(jobsOf(settings, failedReferences ? { failedReferences } : {})[0]?.job).includes(name));
    expect([named(), named(['own/web@d']), named(references)]).to.deep.equal([
      [true, false],
      [false, true],
      [true, false],
    ]);
  });

  it('matches at the shortest maxAge of the policies, between ten minutes and twelve hours', () => {
    const minutes = (...ages: (string | undefined)[]): number =>
      matchAgeOf(ages.map((maxAge) => ({ spec: { maxAge } }) as unknown as SecurityPolicy)) / 60_000;
    expect([minutes(), minutes(undefined), minutes('3h', '30h'), minutes('1m')]).to.deep.equal([720, 720, 180, 10]);
  });
});
