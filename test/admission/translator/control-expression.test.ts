import { expect } from 'chai';
import { apiVersionOf } from '../../../operator/api/api-resource.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { controlExpression } from '../../../operator/admission/translator/control-expression.ts';
import type { Control } from '../../../operator/catalogue/controls/control.ts';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { syntheticPod } from '../../../operator/engine/pods/synthetic-pod.ts';
import { isLongRunningKind } from '../../../operator/engine/objects/workload-kind.ts';
import { groupKindOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import {
  documentsOf,
  isWholeObject,
  readTables,
  type Row,
  type Table,
  templateOf,
  workloads,
} from '../../catalogue/controls/control-table.ts';
import { decider, objectsOf } from '../admission-fixture.ts';

const tables = await readTables();

/** The objects of a row: one for each kind that the control is about. */
function objectsOfRow({ about }: Table, row: Row): readonly Record<string, unknown>[] {
  const { yaml } = row;
  const objects =
    about === 'objects' || isWholeObject(row)
      ? documentsOf(yaml).slice(0, 1)
      : workloads
          .map((workload) => workload.make(templateOf(yaml)) as Record<string, unknown>)
          .filter((object) => about !== 'longRunning' || isLongRunningKind(groupKindOf(object)));
  for (const object of objects) {
    applyManifestDefaults(object, { namespaced: true });
    const pod = syntheticPod(object)?.pod?.spec as { containers?: unknown } | undefined;
    // The API server refuses a pod without containers. Some rows leave them out.
    if (pod !== undefined) pod.containers ??= [];
  }
  return objects;
}

/** Objects of kinds that the API server does not serve, and custom resources, are not enforced, and Deny never applies in system namespaces. */
const isEnforced = ({ apiVersion, kind, metadata }: Readonly<Record<string, unknown>>): boolean =>
  (metadata as { readonly namespace?: string } | undefined)?.namespace !== 'kube-system' &&
  builtinResources.some((resource) => apiVersionOf(resource) === apiVersion && resource.kind === kind);

describe('the translation of a control', () => {
  for (const { id, checks, enforced, aboutSystemNamespaces } of catalogue) {
    if ((checks ?? enforced) === undefined || !tables.has(id) || aboutSystemNamespaces === true) continue;
    const rows = (tables.get(id)?.rows ?? []).filter(({ verdict }) => verdict === 'pass' || verdict === 'fail');
    it(`${id} has the verdicts of its table (${rows.length} rows)`, () => {
      const table = tables.get(id) as Table;
      let refused = 0;
      expect(rows.length).to.be.greaterThan(0);
      for (const row of rows) {
        const controls = [{ name: id, ...(row.parameters === undefined ? {} : { parameters: row.parameters }) }];
        const frameworks = row.minor === undefined ? [] : [{ name: 'pss-restricted', version: `1.${row.minor}` }];
        const enforcement = [{ actions: ['Deny' as const], controls: [id] }];
        const made = objectsOf({ scope: { systemNamespaces: 'Include' }, frameworks, controls, enforcement }, []);
        const decide = decider(made);
        for (const object of objectsOfRow(table, row).filter(isEnforced)) {
          const messages = decide({ object });
          const where = `${row.title}: ${String(object['kind'])}`;
          if (messages.length > 0) refused += 1;
          // The API server may let pass what fails a control that it enforces in part. It never refuses what passes.
          if (enforced !== undefined && row.verdict === 'fail' && messages.length === 0) continue;
          expect(messages.length > 0 ? 'fail' : 'pass', `${where}: ${messages.join()}`).to.equal(row.verdict);
          if (row.verdict === 'fail') expect(messages[0], where).to.match(new RegExp(`breaks SecurityPolicy/baseline: ${id}( \\(|[.])`));
        }
      }
      expect(refused, 'refused rows').to.be.greaterThan(0);
    });
  }
});

describe('the guard of a control', () => {
  const guardOf = (kinds: Control['kinds']): string | undefined => {
    const control = { id: 'c', kinds, checks: [{ at: 'spec.x', require: 'item' }] } as unknown as Control;
    const violated = controlExpression({ control: { ...control, kinds: 'workloads' }, minors: [0], params: 'p' });
    return controlExpression({ control, minors: [0], params: 'p' }).replace(violated, '…');
  };
  const rows: readonly (readonly [title: string, kinds: Control['kinds'], guard: string])[] = [
    ['of workloads is none', 'workloads', '…'],
    ['of namespaced objects is none', 'namespaced', '…'],
    ['of manifests is none', 'manifests', '…'],
    ['of what runs long leaves Jobs out', 'longRunning', "(!(request.kind.kind in ['Job', 'CronJob']) ? … : [])"],
    [
      'of kinds names them without their group',
      ['Service', 'Role.rbac.authorization.k8s.io'],
      "(request.kind.kind in ['Service', 'Role'] ? … : [])",
    ],
    ['of workloads and others is none', ['workloads', 'Service'], '…'],
  ];
  for (const [title, kinds, guard] of rows) it(title, () => expect(guardOf(kinds)).to.equal(guard));

  it('has nothing to guard if no check is evaluated at a version', () => {
    const control = {
      id: 'c',
      kinds: 'workloads',
      checks: [{ at: 'spec.x', require: 'item', since: 30, until: 31 }],
    } as unknown as Control;
    const at = (minor: number): boolean => controlExpression({ control, minors: [minor], params: 'p' }) !== '[]';
    expect([29, 30, 31, 32].map(at)).to.deep.equal([false, true, true, false]);
  });
});
