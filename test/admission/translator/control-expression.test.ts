import { expect } from 'chai';
import { apiVersionOf } from '../../../operator/api/api-resource.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
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
