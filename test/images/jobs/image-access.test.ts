import { expect } from 'chai';
import {
  optInCandidates,
  entryInNamespace,
  findingsKey,
  imageKeys,
  inventoryJobFilter,
  type ImageAccess,
} from '../../../operator/images/jobs/image-access.ts';
import { keyInNamespace, namespaceOf } from '../../../operator/images/targets/image-key.ts';
import type { ImageEntry, ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { inventoryJobName } from '../../../operator/images/targets/image-names.ts';
import { inventoryJob } from '../../../operator/images/jobs/inventory-job.ts';

const key = keyInNamespace('d', 'shop');
const images = new Map([['d', { image: { digest: 'd', reference: 'r/web@d' }, references: ['r/web@d'], nodes: ['n'] }]]);
const users = new Map([['d', new Map([['shop', { pullSecrets: ['registry'], references: ['own/web@d'] }]])]]);
const access = (...optedIn: string[]): ImageAccess => ({ home: 'vigil', users, optedIn: new Set(optedIn) });

const kept = { configMaps: ['c'], at: 0 };
const findings = { ...kept, database: 'db', databaseBuilt: '' };
const failure = { step: 'inventory', reason: 'no', at: 0, attempts: 1 } as const;
const denied: ImageEntry = { seen: 0, failure: { ...failure, denied: true } };
const taken: ImageEntry = { seen: 0, inventory: kept, findings };
const lost: ImageEntry = { seen: 0, findings };

describe('the ledger of images that need a pull secret', () => {
  it('has keys of digest and namespace', () => {
    expect([key, namespaceOf(key), namespaceOf('d')]).to.deep.equal(['d@shop', 'shop', undefined]);
  });

  for (const [what, ledger, optedIn, places, barred] of [
    ['plans no inventory in a namespace before the registry denied the image', { d: { seen: 0, failure } }, ['shop'], ['d'], []],
    ['plans no inventory in a namespace that did not opt in', { d: denied }, [], ['d'], []],
    ['plans an inventory in a namespace that opted in', { d: denied }, ['shop'], ['d', key], []],
    [
      "plans an inventory in the namespace if Vigil's own attempt fails for another reason now",
      { d: { seen: 0, failure }, [key]: { seen: 0 } },
      ['shop'],
      ['d', key],
      [],
    ],
    ['keeps and matches the inventory after the namespace opts out', { d: denied, [key]: taken }, [], ['d', key], []],
    [
      'keeps the entry but plans nothing after the namespace opts out without an inventory',
      { d: denied, [key]: lost },
      [],
      ['d', key],
      [key],
    ],
    ["removes the namespace's entry after Vigil's own inventory succeeds", { d: taken, [key]: taken }, ['shop'], ['d'], []],
  ] as const) {
    it(what, () => {
      const keys = imageKeys(ledger, images, access(...optedIn));
      expect([[...keys.places.keys()], [...keys.blocked]]).to.deep.equal([places, barred]);
    });
  }

  it('checks the opt-in only of namespaces that run a denied image', () => {
    expect([...optInCandidates({ d: denied }, images, users)]).to.deep.equal(['shop']);
    expect([...optInCandidates({ d: taken }, images, users)]).to.deep.equal([]);
  });

  it('creates the inventory Job in the namespace, with its imagePullSecrets', () => {
    const settings = {
      namespace: 'vigil',
      image: 'v',
      imagePullPolicy: 'Always',
      imagePullSecrets: [{ name: 'own' }],
      scanner: 't',
    } as const;
    const place = imageKeys({ d: denied }, images, access('shop')).places.get(key);
    expect(place?.references).to.deep.equal(['own/web@d']);
    const job = place && inventoryJob(settings, place);
    expect(job?.metadata).to.deep.include({ name: inventoryJobName(key), namespace: 'shop' });
    const { spec } = job as unknown as { spec: { template: { spec: object } } };
    expect(spec.template.spec).to.deep.include({ imagePullSecrets: [{ name: 'registry' }], automountServiceAccountToken: false });
  });

  const accessOf = (ledger: ImageLedger, namespace: string, ...optedIn: string[]): readonly unknown[] => {
    const entry = entryInNamespace(ledger, access(...optedIn), 'd', namespace);
    return [entry?.findings !== undefined, entry?.failure?.reason, findingsKey(ledger, 'd', namespace)];
  };
  const hint =
    'no; to scan it in this namespace with its pull secrets, run: kubectl -n shop create rolebinding vigil-private-images ' +
    '--clusterrole=vigil-private-images --serviceaccount=vigil:vigil-operator';
  for (const [what, got, expected] of [
    ["the findings of Vigil's own scan", accessOf({ d: taken, [key]: lost }, 'shop'), [true, undefined, 'd']],
    [
      "the findings of Vigil's own scan without the failure in the namespace",
      accessOf({ d: taken, [key]: { ...lost, failure } }, 'shop'),
      [true, undefined, 'd'],
    ],
    ['how to opt in after a denial', accessOf({ d: denied }, 'shop'), [false, hint, 'd']],
    ['how to opt in, with the older findings', accessOf({ d: denied, [key]: lost }, 'shop'), [true, hint, key]],
    [
      'no failure while the scan in the namespace runs',
      accessOf({ d: denied, [key]: { seen: 0 } }, 'shop', 'shop'),
      [false, undefined, 'd'],
    ],
    ['the findings of the scan in the namespace', accessOf({ d: denied, [key]: taken }, 'shop', 'shop'), [true, undefined, key]],
    ['the findings of the scan in the namespace after it opted out', accessOf({ d: denied, [key]: taken }, 'shop'), [true, undefined, key]],
    ['why the scan in the namespace failed', accessOf({ d: denied, [key]: { ...lost, failure } }, 'shop', 'shop'), [true, 'no', key]],
    [
      "why Vigil's own scan fails now, with the older findings",
      accessOf({ d: { seen: 0, failure }, [key]: lost }, 'shop'),
      [true, 'no', key],
    ],
  ] as const) {
    it(`returns to the namespace ${what}`, () => expect(got).to.deep.equal(expected));
  }

  it('returns no findings to another namespace, and names the pull secret to add if no pod has imagePullSecrets', () => {
    const [known, reason, at] = accessOf({ d: denied, [key]: taken }, 'bank', 'shop');
    expect([known, at]).to.deep.equal([false, 'd']);
    expect(reason).to.match(/^no; no pod that runs it in this namespace has imagePullSecrets: add a pull secret to .* in namespace vigil$/);
  });

  it("excludes only Vigil's own Jobs from the running images", () => {
    const own = inventoryJobFilter({ d: denied, [key]: { seen: 0 }, 'e@shop': taken });
    const job = (name: string, namespace: string, labels = { 'vigil.dev/part': 'image-inventory' }): boolean =>
      own({ apiVersion: 'batch/v1', kind: 'Job', name, namespace, labels });
    const name = inventoryJobName(key);
    expect([job(name, 'shop'), job(name, 'bank'), job('vigil-inventory-x', 'shop')]).to.deep.equal([true, false, false]);
    expect(own({ apiVersion: 'batch/v1', kind: 'Job', name, namespace: 'shop' })).to.equal(false);
    expect(job(inventoryJobName('e@shop'), 'shop')).to.equal(false);
  });
});
