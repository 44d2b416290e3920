import { expect } from 'chai';
import { customResourceDefinition, ownKinds, reportKinds, type KindDefinition } from '../../operator/api/crd.ts';
import { crdProblem, type ServedCrd } from '../../operator/api/crd-skew.ts';

type Json = Record<string, unknown>;
const served = (kind: KindDefinition): ServedCrd => JSON.parse(JSON.stringify(customResourceDefinition(kind))) as ServedCrd;
const kindOf = (name: string): KindDefinition => [...ownKinds, ...reportKinds].find(({ kind }) => kind === name) as KindDefinition;
/** The schema below these properties. */
const schemaAt = (crd: ServedCrd, ...path: readonly string[]): Json =>
  path.reduce((schema, name) => (schema['properties'] as Json)[name] as Json, crd.spec?.versions?.[0]?.schema?.openAPIV3Schema as Json);
/** A CRD of which this was taken out. */
function without(name: string, ...path: readonly string[]): ServedCrd {
  const crd = served(kindOf(name));
  const parent = schemaAt(crd, ...path.slice(0, -1));
  parent['properties'] = Object.fromEntries(Object.entries(parent['properties'] as Json).filter(([field]) => field !== path.at(-1)));
  return crd;
}

describe('the CRDs of a cluster', () => {
  for (const kind of [...ownKinds, ...reportKinds])
    it(`are right as this version brings them: ${kind.kind}`, () => expect(crdProblem(kind, served(kind))).to.equal(undefined));

  it('are missed, with what mends it', () => {
    expect(crdProblem(kindOf('PolicyReport'), undefined)).to.deep.equal({
      crd: 'policyreports.wgpolicyk8s.io',
      reason: 'CRDMissing',
      message:
        'CustomResourceDefinition policyreports.wgpolicyk8s.io is not installed: nothing can be written to it; install it: kubectl apply --server-side -f crds/wgpolicyk8s.io_policyreports.yaml',
    });
  });

  it('are missed where they serve another version only', () => {
    const crd = served(kindOf('PolicyReport'));
    const versions = crd.spec?.versions?.map((version) => ({ ...version, served: false })) ?? [];
    expect(crdProblem(kindOf('PolicyReport'), { ...crd, spec: { versions } })?.message).to.match(
      /^CustomResourceDefinition policyreports.wgpolicyk8s.io does not serve v1alpha2: /,
    );
  });

  it('are outdated where they drop a field, which is named alone', () => {
    expect(crdProblem(kindOf('Scan'), without('Scan', 'status', 'coverage'))?.message).to.equal(
      'CustomResourceDefinition scans.vigil.dev is of another version of Vigil and drops status.coverage: bring it up to date: kubectl apply --server-side -f crds/vigil.dev_scans.yaml',
    );
  });

  it('are outdated where a list of theirs drops a field', () => {
    const crd = served(kindOf('SecurityPolicy'));
    delete ((schemaAt(crd, 'spec', 'controls')['items'] as Json)['properties'] as Json)['severity'];
    expect(crdProblem(kindOf('SecurityPolicy'), crd)?.message).to.match(/ drops spec\.controls\[\]\.severity: /);
  });

  it('are outdated where they drop many, and a few are named', () => {
    const crd = served(kindOf('Scan'));
    schemaAt(crd, 'status')['properties'] = {};
    expect(crdProblem(kindOf('Scan'), crd)?.message).to.match(/ drops (status\.\w+, ){4}status\.\w+ and \d+ more: /);
  });

  it('may have more than this version knows, and keep what they do not know', () => {
    const crd = served(kindOf('Scan'));
    (schemaAt(crd, 'status')['properties'] as Json)['later'] = { type: 'string' };
    const open = served(kindOf('Scan'));
    schemaAt(open, 'status')['properties'] = {};
    schemaAt(open, 'status')['x-kubernetes-preserve-unknown-fields'] = true;
    expect([crdProblem(kindOf('Scan'), crd), crdProblem(kindOf('Scan'), open)]).to.deep.equal([undefined, undefined]);
  });
});
