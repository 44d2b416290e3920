import { expect } from 'chai';
import { ManifestState } from '../../../operator/cli/input/manifest-scan.ts';
import { catalogue, controlById } from '../../../operator/catalogue/controls/catalogue.ts';
import { newestMinor } from '../../../operator/catalogue/frameworks/framework.ts';
import { nameOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';
import type { ObjectFinding } from '../../../operator/findings/finding.ts';
import { isLongRunningKind } from '../../../operator/engine/objects/workload-kind.ts';
import { documentsOf, isWholeObject, readTables, type Row, type Table, templateOf, type Workload, workloads } from './control-table.ts';

const tables = await readTables();

/**
 * Evaluates one control on objects, as in a scan of files. Returns the result for the first object. If passes are only counted, a skip or an
 * error must not become one.
 */
function evaluate(id: string, row: Row, documents: readonly Record<string, unknown>[]): ObjectFinding | undefined {
  const result = evaluateWith('List', id, row, documents);
  if (row.verdict === 'skip' || row.verdict === 'error')
    expect(evaluateWith('Count', id, row, documents), 'with passes that are only counted').to.deep.equal(result);
  return result;
}

function evaluateWith(
  passing: 'List' | 'Count',
  id: string,
  { minor, parameters, images, day }: Row,
  documents: readonly Record<string, unknown>[],
): ObjectFinding | undefined {
  const control = { name: id, ...(parameters === undefined ? {} : { parameters }) };
  const frameworks = minor === undefined ? [] : [{ name: `pss-restricted`, version: `1.${minor}` }];
  const state = new ManifestState(documents.map((object, document) => ({ object, file: 'row', document, lineOf: () => 1 })));
  const spec = { scope: { systemNamespaces: 'Include' as const }, frameworks, controls: [control], ...(images ? { images } : {}) };
  const set = compilePolicies([{ name: 'row', spec }], {
    kubernetesVersion: `1.${newestMinor}`,
    resources: state.resources,
    systemNamespaces: [],
    passing,
  });
  expect(set.problems).to.deep.equal([]);
  const { results, errors } = state.scan(set, day === undefined ? {} : { now: Date.parse(day) });
  expect([...state.errors, ...errors]).to.deep.equal([]);
  const [target = {}] = documents;
  const wanted =
    controlById(id)?.kinds[0] === 'Cluster.vigil.dev'
      ? { kind: 'Cluster', name: 'cluster' }
      : { kind: target['kind'], name: nameOf(target) };
  return results.find(({ check, resource: { kind, name } }) => check === id && kind === wanted.kind && name === wanted.name);
}

/** Converts a path of the pod to a path of the workload. */
const pathIn = ({ prefix }: Workload, path: string): string =>
  /^(spec\b|metadata\.(labels|annotations))/.test(path) ? prefix + path : path;

function expectVerdict(result: ObjectFinding | undefined, { verdict, severity }: Row, paths: readonly string[], where: string): void {
  expect(result?.verdict, `${where}: ${result?.message ?? 'not evaluated'}`).to.equal(verdict);
  expect(result?.paths ?? (result?.path === undefined ? [] : [result.path]), where).to.deep.equal(paths);
  if (severity !== undefined) expect(result?.severity, where).to.equal(severity);
}

function runOnPods(id: string, row: Row, about: Table['about']): void {
  for (const workload of workloads) {
    const [object, ...others] = [workload.make(templateOf(row.yaml)), ...documentsOf(row.yaml).slice(1)];
    const result = evaluate(id, row, [object, ...others]);
    const group = String(object['apiVersion']).split('/').slice(0, -1).join('/');
    if (about === 'longRunning' && !isLongRunningKind(group === '' ? workload.kind : `${workload.kind}.${group}`)) {
      expect(result, `${workload.kind} is not long-running`).to.equal(undefined);
      continue;
    }
    expectVerdict(
      result,
      row,
      row.paths.map((path) => pathIn(workload, path)),
      workload.kind,
    );
  }
}

describe('controls', () => {
  for (const { id } of catalogue) {
    const table = tables.get(id);
    it(`${id} has at least four rows, including a pass and a failure`, () => {
      expect(table?.rows.length ?? 0).to.be.at.least(4);
      const verdicts = table?.rows.map(({ verdict }) => verdict);
      expect(verdicts).to.include.members(['pass', 'fail']);
    });
    for (const row of table?.rows ?? []) {
      it(`${id}: ${row.title}: ${row.verdict}`, () => {
        if (table?.about === 'objects' || isWholeObject(row))
          expectVerdict(evaluate(id, row, documentsOf(row.yaml)), row, row.paths, 'the object');
        else runOnPods(id, row, table?.about ?? 'pods');
      });
    }
  }

  it('have a table only if they exist', () => {
    expect([...tables.keys()].filter((id) => controlById(id) === undefined)).to.deep.equal([]);
  });
});
