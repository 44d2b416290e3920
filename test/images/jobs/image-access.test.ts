import { expect } from 'chai';
import {
  optInCandidates,
  entryInNamespace,
  findingsKey,
  imageKeys,
  inventoryJobFilter,
  type ImageAccess,
} from '../../../operator/images/jobs/image-access.ts';
import { inventoryJob } from '../../../operator/images/jobs/image-job.ts';
import { keyInNamespace, namespaceOf } from '../../../operator/images/targets/image-key.ts';
import type { ImageEntry, ImageLedger } from '../../../operator/images/ledger/image-ledger.ts';
import { inventoryJobName } from '../../../operator/images/targets/image-names.ts';

const key = keyInNamespace('d', 'shop');
const images = new Map([['d', { image: { digest: 'd', reference: 'r/web@d' }, references: ['r/web@d'], nodes: ['n'] }]]);
const users = new Map([['d', new Map([['shop', { pullSecrets: ['registry'], references: ['own/web@d'] }]])]]);
const access = (...optedIn: string[]): ImageAccess => ({ home: 'vigil', users, optedIn: new Set(optedIn) });

const kept = { configMaps: ['c'], at: 0 };
const findings = { ...kept, database: 'db', made: '' };
const failure = { step: 'inventory', reason: 'no', at: 0, attempts: 1 } as const;
const denied: ImageEntry = { seen: 0, failure: { ...failure, denied: true } };
const taken: ImageEntry = { seen: 0, inventory: kept, findings };
const lost: ImageEntry = { seen: 0, findings };

describe('images that need a pull secret', () => {
  it('are kept under digest and namespace, from which both can be told', () => {
    expect([key, namespaceOf(key), namespaceOf('d')]).to.deep.equal(['d@shop', 'shop', undefined]);
  });

  for (const [what, ledger, optedIn, places, barred] of [
    ['are taken in no namespace before they are refused', { d: { seen: 0, failure } }, ['shop'], ['d'], []],
    ['are taken in no namespace that did not opt in', { d: denied }, [], ['d'], []],
    ['are taken in one that did', { d: denied }, ['shop'], ['d', key], []],
    ['are taken there when Vigil fails otherwise by now', { d: { seen: 0, failure }, [key]: { seen: 0 } }, ['shop'], ['d', key], []],
    ['are kept, and matched, where a namespace opts out', { d: denied, [key]: taken }, [], ['d', key], []],
    ['are kept, and nothing is done, where it opts out with no inventory', { d: denied, [key]: lost }, [], ['d', key], [key]],
    ['are forgotten there once Vigil has them itself', { d: taken, [key]: taken }, ['shop'], ['d'], []],
  ] as const) {
    it(what, () => {
      const keys = imageKeys(ledger, images, access(...optedIn));
      expect([[...keys.places.keys()], [...keys.blocked]]).to.deep.equal([places, barred]);
    });
  }

  it('ask for the rights in no namespace but where it matters', () => {
    expect([...optInCandidates({ d: denied }, images, users)]).to.deep.equal(['shop']);
    expect([...optInCandidates({ d: taken }, images, users)]).to.deep.equal([]);
  });

  it('are looked into by a Job in their namespace, with its pull secrets by name', () => {
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

  const told = (ledger: ImageLedger, namespace: string, ...optedIn: string[]): readonly unknown[] => {
    const entry = entryInNamespace(ledger, access(...optedIn), 'd', namespace);
    return [entry?.findings !== undefined, entry?.failure?.reason, findingsKey(ledger, 'd', namespace)];
  };
  const hint =
    'no; to scan it in this namespace with its pull secrets, run: kubectl -n shop create rolebinding vigil-private-images ' +
    '--clusterrole=vigil-private-images --serviceaccount=vigil:vigil-operator';
  for (const [what, got, expected] of [
    ['what all are told', told({ d: taken, [key]: lost }, 'shop'), [true, undefined, 'd']],
    ['nothing of a failure of its own when all are told', told({ d: taken, [key]: { ...lost, failure } }, 'shop'), [true, undefined, 'd']],
    ['how to opt in', told({ d: denied }, 'shop'), [false, hint, 'd']],
    ['how to opt in beside what was found', told({ d: denied, [key]: lost }, 'shop'), [true, hint, key]],
    ['nothing while it is looked into', told({ d: denied, [key]: { seen: 0 } }, 'shop', 'shop'), [false, undefined, 'd']],
    ['what was found there', told({ d: denied, [key]: taken }, 'shop', 'shop'), [true, undefined, key]],
    ['what was found there, though it has opted out', told({ d: denied, [key]: taken }, 'shop'), [true, undefined, key]],
    ['why it failed there', told({ d: denied, [key]: { ...lost, failure } }, 'shop', 'shop'), [true, 'no', key]],
    ['why it fails now, with nothing lost', told({ d: { seen: 0, failure }, [key]: lost }, 'shop'), [true, 'no', key]],
  ] as const) {
    it(`tell their namespace ${what}`, () => expect(got).to.deep.equal(expected));
  }

  it('tell another namespace nothing of what was found there, and where no pod names a pull secret, what to give to whom', () => {
    const [known, reason, at] = told({ d: denied, [key]: taken }, 'bank', 'shop');
    expect([known, at]).to.deep.equal([false, 'd']);
    expect(reason).to.match(/^no; no pod that runs it in this namespace has imagePullSecrets: add a pull secret to .* in namespace vigil$/);
  });

  it('leave the Jobs of Vigil out of what runs, and no others', () => {
    const own = inventoryJobFilter({ d: denied, [key]: { seen: 0 }, 'e@shop': taken });
    const job = (name: string, namespace: string, labels = { 'vigil.dev/part': 'image-inventory' }): boolean =>
      own({ apiVersion: 'batch/v1', kind: 'Job', name, namespace, labels });
    const name = inventoryJobName(key);
    expect([job(name, 'shop'), job(name, 'bank'), job('vigil-inventory-x', 'shop')]).to.deep.equal([true, false, false]);
    expect(own({ apiVersion: 'batch/v1', kind: 'Job', name, namespace: 'shop' })).to.equal(false);
    expect(job(inventoryJobName('e@shop'), 'shop')).to.equal(false);
  });
});
