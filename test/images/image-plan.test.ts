import { expect } from 'chai';
import { untriedReference, withFailure, withSuccess, type ImageEntry } from '../../operator/images/ledger/image-ledger.ts';
import { inventoryInputs, matchInputs, type ScannerInputs } from '../../operator/images/jobs/scanner-inputs.ts';
import { planImages, withoutObsolete, type ImagePlan, type ImagePlanInput, type WantedImage } from '../../operator/images/image-plan.ts';

const [minute, hour] = [60_000, 3_600_000];
const now = 1000 * hour;
const inventory = { configMaps: ['i'], at: now - hour };
const findings = { configMaps: ['f'], database: 'db:1', databaseBuilt: '', at: now - hour };
type PlanOptions = Partial<ImagePlanInput & ScannerInputs & { of: Partial<WantedImage> }>;
/** The inputs of a plan that a test changes, with the properties of each image. */
const imagesOf = (ledger: Record<string, ImageEntry>, of: Partial<WantedImage>): ImagePlanInput['wanted'] =>
  new Map(Object.keys(ledger).map((key) => [key, { references: [], nodes: [], ...of }]));
const inputOf = (
  ledger: Record<string, ImageEntry>,
  { javaIndex, database = 'db:1', of = {}, ...more }: PlanOptions = {},
): ImagePlanInput => ({
  ...{ ledger, wanted: imagesOf(ledger, of), unavailable: new Set() },
  ...{
    matchRunning: false,
    runningInventories: 0,
    inputs: { scanner: 't', javaIndex, database: database === 'none' ? undefined : database },
  },
  ...{ now, matchAge: 12 * hour, busyNodes: [], capacity: 2, perNode: 1 },
  ...more,
});
const plan = (ledger: Record<string, ImageEntry>, options: PlanOptions = {}): ImagePlan => planImages(inputOf(ledger, options));

describe('planImages', () => {
  it('plans one inventory for each image, and at most as many at once as the capacity', () => {
    const ledger = { a: { seen: now }, b: { seen: now }, c: { seen: now }, d: { seen: now, inventory, findings } };
    const keys = (found: ImagePlan): string[] => found.inventories.map(({ key }) => key);
    expect(keys(plan(ledger))).to.deep.equal(['a', 'b']);
    expect(plan(ledger, { capacity: -1 }).inventories).to.deep.equal([]);
    expect(keys(plan(ledger, { unavailable: new Set(['a', 'b']) }))).to.deep.equal(['c']);
    expect(
      plan(ledger, { wanted: new Map([...imagesOf({ a: { seen: now } }, {}), ...imagesOf({ b: { seen: now } }, { nodes: ['n'] })]) })
        .inventories,
    ).to.deep.equal([{ key: 'a' }, { key: 'b', node: 'n' }]);
  });

  it('plans a match for new inventories, and for all after the database changed or half a day; none without a database', () => {
    const ledger = { known: { seen: now, inventory, findings }, fresh: { seen: now, inventory, findings: { ...findings, database: '' } } };
    expect(plan(ledger).match).to.deep.equal(['fresh']);
    expect(plan(ledger, { database: 'db:2' }).match).to.deep.equal(['known', 'fresh']);
    expect(plan(ledger, { now: now + 11 * hour }).match).to.deep.equal(['known', 'fresh']);
    expect(plan(ledger, { matchAge: hour }).match).to.deep.equal(['known', 'fresh']);
    expect(plan(ledger, { database: 'none' }).match).to.deep.equal([]);
    expect(plan(ledger, { database: 'db:2', matchRunning: true }).match).to.deep.equal([]);
  });

  it('plans the inventory again if it has unidentified Java archives and the index changed', () => {
    const taken = (javaIndex?: string): Record<string, ImageEntry> => ({
      a: { seen: now, inventory: { ...inventory, ...(javaIndex === undefined ? {} : { javaIndex }) }, findings },
    });
    const retaken = (ledger: Record<string, ImageEntry>, javaIndex?: string, pull = false): number =>
      plan(ledger, { javaIndex, of: { pull } }).inventories.length;
    expect([retaken(taken(''), 'index:1'), retaken(taken('index:1'), 'index:2')]).to.deep.equal([1, 1]);
    expect([retaken(taken(''), undefined), retaken(taken('index:1'), 'index:1'), retaken(taken(), 'index:1')]).to.deep.equal([0, 0, 0]);
    expect(retaken(taken(''), 'index:1', true)).to.equal(0);
  });

  it('delays a match while inventory Jobs run, to match several images together', () => {
    const second = 1000;
    const came = (ago: number): ImageEntry => ({ seen: now, inventory: { ...inventory, at: now - ago } });
    const ledger = { a: came(5 * second), b: came(second) };
    expect(plan(ledger, { runningInventories: 1 }).match).to.deep.equal([]);
    expect(plan({ ...ledger, c: { seen: now } }).match).to.deep.equal([]);
    expect(plan(ledger).match).to.deep.equal(['a', 'b']);
    expect(plan({ ...ledger, a: came(31 * second) }, { runningInventories: 1 }).match).to.deep.equal(['a', 'b']);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`i${index}`, came(second)]));
    expect(plan(many, { runningInventories: 1 }).match).to.have.length(20);
    // A change of the database is not delayed.
    expect(plan({ a: { seen: now, inventory, findings } }, { runningInventories: 1, database: 'db:2' }).match).to.deep.equal(['a']);
  });

  it('retries a transient failure of the cluster at once, up to its budget of attempts', () => {
    const lost = { step: 'inventory', class: 'Disrupted', reason: 'the pod was lost: x', at: now } as const;
    const crashed = { ...lost, class: 'Crashed' } as const;
    let entry: ImageEntry = { seen: now };
    for (let attempt = 1; attempt < 6; attempt++) {
      entry = withFailure(entry, lost);
      expect(plan({ a: entry }).inventories).to.deep.equal([{ key: 'a' }]);
    }
    expect(plan({ a: withFailure(entry, lost) }).inventories).to.deep.equal([]);
    // A transient failure does not lengthen the pause after a failure of the image.
    expect(plan({ a: withFailure(entry, crashed) })).to.deep.include({ inventories: [], next: minute });
  });

  it('retries every minute while a quota is exceeded', () => {
    const reason = 'the Job was refused: jobs.batch "x" is forbidden: exceeded quota: q';
    let entry: ImageEntry = { seen: now };
    for (let attempt = 1; attempt < 9; attempt++) entry = withFailure(entry, { step: 'inventory', class: 'Rejected', reason, at: now });
    expect(plan({ a: entry })).to.deep.include({ inventories: [], next: minute });
    expect(plan({ a: entry }, { now: now + minute }).inventories).to.deep.equal([{ key: 'a' }]);
  });

  it('retries a failed image after a pause that grows with each attempt, and returns the time of the next attempt', () => {
    let entry: ImageEntry = withFailure({ seen: now }, { step: 'inventory', reason: 'x', at: now });
    expect(plan({ a: entry })).to.deep.include({ inventories: [], next: minute });
    expect(plan({ a: entry }, { now: now + minute }).inventories).to.deep.equal([{ key: 'a' }]);
    entry = withFailure(entry, { step: 'inventory', reason: 'x', at: now });
    expect(plan({ a: entry }).next).to.equal(5 * minute);
    expect(withSuccess(entry, 'inventory', { inventory })).to.deep.equal({ seen: now, inventory });
  });

  it('retries a failed image at once, as the first attempt, if the scanner, the index or the database changed', () => {
    const old = { scanner: 't', javaIndex: 'index:1', database: 'db:1' };
    const fails = (entry: ImageEntry, step: 'inventory' | 'match', inputs: string): ImageEntry =>
      withFailure(entry, { step, reason: 'x', at: now, inputs });
    const taking = fails(fails({ seen: now }, 'inventory', inventoryInputs(old, false)), 'inventory', inventoryInputs(old, false));
    const matching = fails({ seen: now, inventory }, 'match', matchInputs(old));
    const work = (entry: ImageEntry, inputs: ScannerInputs): number => {
      const { inventories, match } = plan({ a: entry }, { inputs });
      return inventories.length + match.length;
    };
    expect([work(taking, old), work(matching, old)]).to.deep.equal([0, 0]);
    expect([work(taking, { ...old, javaIndex: 'index:2' }), work(taking, { ...old, database: 'db:2' })]).to.deep.equal([1, 0]);
    expect([work(matching, { ...old, database: 'db:2' }), work(matching, { ...old, javaIndex: 'index:2' })]).to.deep.equal([1, 0]);
    expect([work(taking, { ...old, scanner: 'u' }), work(matching, { ...old, scanner: 'u' })]).to.deep.equal([1, 1]);
    expect([taking.failure?.attempts, fails(taking, 'inventory', 'u').failure?.attempts]).to.deep.equal([2, 1]);
  });

  it('removes the failure of work that is no longer needed, and no other failure', () => {
    const failed = (entry: ImageEntry, step: 'inventory' | 'match'): ImageEntry => withFailure(entry, { step, reason: 'x', at: now });
    const left = (entry: ImageEntry, options: PlanOptions = {}): ImageEntry['failure'] =>
      withoutObsolete(inputOf({ a: entry }, options))['a']?.failure;
    const known = { seen: now, inventory, findings };
    // The database was another one for some time.
    expect(left(failed(known, 'match'))).to.equal(undefined);
    expect(left(failed(known, 'match'), { database: 'db:2' })?.reason).to.equal('x');
    expect(left(failed(known, 'match'), { now: now + 12 * hour })?.reason).to.equal('x');
    // The index of Java archives was another one for some time.
    const taken = { ...known, inventory: { ...inventory, javaIndex: 'index:1' } };
    expect(left(failed(taken, 'inventory'), { javaIndex: 'index:1' })).to.equal(undefined);
    expect(left(failed(taken, 'inventory'), { javaIndex: 'index:2' })?.reason).to.equal('x');
    for (const step of ['inventory', 'match'] as const) expect(left(failed({ seen: now }, step))?.reason).to.equal('x');
    const ledger = { a: known };
    expect(withoutObsolete(inputOf(ledger))).to.equal(ledger);
  });

  it('tries each reference of an image before a pause, and reports a denial in place of a missing image', () => {
    const of = { references: ['own/web@a', 'mirror/web@a'] };
    const fails = (entry: ImageEntry, reference: string, more: object = {}): ImageEntry =>
      withFailure(entry, { step: 'inventory', reason: `no ${reference}`, at: now, reference, ...more });
    const goesOn = (entry: ImageEntry): boolean => plan({ a: entry }, { of }).inventories.length > 0;
    const first = fails({ seen: now }, 'own/web@a', { denied: true });
    expect([goesOn(first), untriedReference(of.references, first.failure)]).to.deep.equal([true, 'mirror/web@a']);
    const second = fails(first, 'mirror/web@a');
    expect(second.failure).to.deep.include({ reason: 'no own/web@a', denied: true, attempts: 1 });
    expect([goesOn(second), plan({ a: second }, { of }).next]).to.deep.equal([false, minute]);
    const third = fails(second, 'own/web@a');
    expect(third.failure).to.deep.include({ reason: 'no own/web@a', attempts: 2, failedReferences: ['own/web@a'] });
    expect(third.failure?.denied).to.equal(undefined);
    expect(fails(third, 'mirror/web@a', { denied: true }).failure).to.deep.include({
      reason: 'no mirror/web@a',
      denied: true,
      attempts: 2,
    });
    // Other failures do not depend on the reference.
    expect(goesOn(withFailure({ seen: now }, { step: 'inventory', reason: 'out of memory', at: now }))).to.equal(false);
  });

  it('matches images without failures first, and failed ones in smaller and smaller groups, until the image that ends every Job is alone', () => {
    const fresh = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`i${index}`, { seen: now, inventory }]));
    let ledger: Record<string, ImageEntry> = fresh;
    const sizes: number[] = [];
    for (let time = now, round = 0; round < 100 && Object.values(ledger).some(({ findings: found }) => !found); time += 6 * hour, round++) {
      const { match } = plan(ledger, { now: time });
      sizes.push(match.length);
      // A Job fails if it contains image 70.
      const bad = match.includes('i70');
      const news = match.map((digest): [string, ImageEntry] => [
        digest,
        bad
          ? withFailure(ledger[digest] ?? { seen: now }, { step: 'match', reason: 'out of memory', at: time })
          : withSuccess(ledger[digest] ?? { seen: now }, 'match', { findings: { ...findings, at: time + 1000 * hour } }),
      ]);
      ledger = { ...ledger, ...Object.fromEntries(news) };
    }
    expect(Object.keys(ledger).filter((digest) => !ledger[digest]?.findings)).to.deep.equal(['i70']);
    expect(sizes.slice(0, 3)).to.deep.equal([100, 50, 20]);
    expect(sizes.at(-1)).to.equal(1);
  });

  it('keeps the findings if a match fails', () => {
    const entry = withFailure({ seen: now, inventory, findings }, { step: 'match', reason: 'x', at: now });
    expect(entry).to.deep.include({ inventory, findings });
  });

  it('removes control characters from reasons and limits their length', () => {
    const odd = withFailure({ seen: now }, { step: 'inventory', reason: 'a\u001b[2J\u009bb\ud800', at: now });
    expect(odd.failure?.reason).to.equal('a [2J b\ufffd');
    expect(withFailure({ seen: now }, { step: 'inventory', reason: 'x'.repeat(9000), at: now }).failure?.reason).to.have.length(1000);
  });

  it('removes an image a day after the last pod ran it, unless a Job for it exists', () => {
    const ledger = { old: { seen: now - 25 * hour, inventory }, young: { seen: now - 23 * hour, inventory } };
    expect(plan(ledger, { wanted: new Map() }).forget).to.deep.equal(['old']);
    expect(plan(ledger, { wanted: new Map(), unavailable: new Set(['old']) }).forget).to.deep.equal([]);
    expect(plan(ledger).forget).to.deep.equal([]);
  });
});
