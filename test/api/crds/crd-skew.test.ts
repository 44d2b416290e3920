import { expect } from 'chai';
import { customResourceDefinition } from '../../../operator/api/crds/crd.ts';
import { ownKinds } from '../../../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../../../operator/api/crds/report-kinds.ts';
import { type KindDefinition } from '../../../operator/api/crds/kind-definition.ts';
import { crdProblem, type ServedCrd } from '../../../operator/api/crds/crd-skew.ts';

type Json = Record<string, unknown>;
const served = (kind: KindDefinition): ServedCrd => JSON.parse(JSON.stringify(customResourceDefinition(kind))) as ServedCrd;
const kindOf = (name: string): KindDefinition => [...ownKinds, ...reportKinds].find(({ kind }) => kind === name) as KindDefinition;
/** The schema at this path of properties. */
const schemaAt = (crd: ServedCrd, ...path: readonly string[]): Json =>
  path.reduce((schema, name) => (schema['properties'] as Json)[name] as Json, crd.spec?.versions?.[0]?.schema?.openAPIV3Schema as Json);
/** A CRD without the field at this path. */
function without(name: string, ...path: readonly string[]): ServedCrd {
  const crd = served(kindOf(name));
  const parent = schemaAt(crd, ...path.slice(0, -1));
  parent['properties'] = Object.fromEntries(Object.entries(parent['properties'] as Json).filter(([field]) => field !== path.at(-1)));
  return crd;
}

describe('crdProblem', () => {
  for (const kind of [...ownKinds, ...reportKinds])
    it(`accepts the ${kind.kind} CRD of this version`, () => expect(crdProblem(kind, served(kind))).to.equal(undefined));

  it('reports CRDMissing with the install command when the CRD is not installed', () => {
    expect(crdProblem(kindOf('PolicyReport'), undefined)).to.deep.equal({
      crd: 'policyreports.wgpolicyk8s.io',
      reason: 'CRDMissing',
      message:
        'CustomResourceDefinition policyreports.wgpolicyk8s.io is not installed: Vigil cannot write PolicyReport objects; install the CRD: kubectl apply --server-side -f crds/wgpolicyk8s.io_policyreports.yaml',
    });
  });

  it('reports CRDMissing when the CRD serves only another version', () => {
    const crd = served(kindOf('PolicyReport'));
    const versions = crd.spec?.versions?.map((version) => ({ ...version, served: false })) ?? [];
    expect(crdProblem(kindOf('PolicyReport'), { ...crd, spec: { versions } })?.message).to.match(
      /^CustomResourceDefinition policyreports.wgpolicyk8s.io does not serve v1alpha2: /,
    );
  });

  it('names a missing field without the fields below it', () => {
    expect(crdProblem(kindOf('Scan'), without('Scan', 'status', 'coverage'))?.message).to.equal(
      'CustomResourceDefinition scans.vigil.dev belongs to another version of Vigil, and the API server drops status.coverage; update the CRD: kubectl apply --server-side -f crds/vigil.dev_scans.yaml',
    );
  });

  it('names a field that is missing in the items of a list', () => {
    const crd = served(kindOf('SecurityPolicy'));
    delete ((schemaAt(crd, 'spec', 'controls')['items'] as Json)['properties'] as Json)['severity'];
    expect(crdProblem(kindOf('SecurityPolicy'), crd)?.message).to.match(/ drops spec\.controls\[\]\.severity; /);
  });

  it('names at most five missing fields and counts the others', () => {
    const crd = served(kindOf('Scan'));
    schemaAt(crd, 'status')['properties'] = {};
    expect(crdProblem(kindOf('Scan'), crd)?.message).to.match(/ drops (status\.\w+, ){4}status\.\w+ and \d+ more; /);
  });

  it('accepts a CRD with additional fields, or with x-kubernetes-preserve-unknown-fields', () => {
    const crd = served(kindOf('Scan'));
    (schemaAt(crd, 'status')['properties'] as Json)['later'] = { type: 'string' };
    const open = served(kindOf('Scan'));
    schemaAt(open, 'status')['properties'] = {};
    schemaAt(open, 'status')['x-kubernetes-preserve-unknown-fields'] = true;
    expect([crdProblem(kindOf('Scan'), crd), crdProblem(kindOf('Scan'), open)]).to.deep.equal([undefined, undefined]);
  });
});
