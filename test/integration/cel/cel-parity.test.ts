import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { compileAdmission } from '../../../operator/cel/admission.ts';
import { compile as compileFor, type CompileResult } from '../../../operator/cel/compile.ts';
import { showType } from '../../../operator/cel/values/cel-type.ts';
import { KubeApiError } from '../../../operator/kube/kube-api-error.ts';
import { concurrently } from '../../../operator/reports/publishing/concurrently.ts';
import { corpus, specs } from './corpus.ts';
import { kubectl, serverMinor, testClient } from '../cluster-access.ts';

const policies: ApiResource = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
  namespaced: false,
};
const bindings: ApiResource = { ...policies, resource: 'validatingadmissionpolicybindings', kind: 'ValidatingAdmissionPolicyBinding' };
const group = 'cel.test';
/** Few enough that all warnings of a policy fit into the headers of one answer. */
const batchSize = 10;

interface Verdict {
  readonly kind: 'pass' | 'fail' | 'error' | 'refused' | 'crash';
  readonly text: string;
}

/** The server's version: its dialect is asked of Vigil. */
let version = '';
const compile = (expression: string): CompileResult => compileFor(expression, { kubernetesVersion: version });

/** The literal of a value that is plain JSON; undefined of others. */
function literal(value: unknown): string | undefined {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isInteger(value) ? `${value}` : Number.isFinite(value) ? value.toString() : undefined;
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) {
    const items = value.map(literal);
    return items.includes(undefined) ? undefined : `[${items.join(', ')}]`;
  }
  return undefined;
}

const spoken = new Set([
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
  'timestamp',
  'duration',
  'net.IP',
  'net.CIDR',
  'bytes',
  'uint',
  'double',
  'int',
]);

function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** An expression as a validation: what is no bool is compared with what Vigil says that it is. */
function validationOf(expression: string, object: unknown): string {
  const compiled = compile(expression);
  const itself = `dyn(${expression}) == dyn(${expression})`;
  // The server looks at the type before it makes the program.
  if (!compiled.ok && compiled.errors.every(({ message }) => message.startsWith('program instantiation failed'))) return itself;
  if (!compiled.ok || showType(compiled.program.resultType) === 'bool') return expression;
  const type = showType(compiled.program.resultType);
  const result = quietly(() => compiled.program.evaluate(bindingsOf(object)));
  if (!result || /^(list|map).*(duration|timestamp|Duration|Timestamp)/.test(type)) return itself;
  if (spoken.has(type)) {
    const said = compile(`string(${expression})`);
    const value = said.ok ? quietly(() => said.program.evaluate(bindingsOf(object))) : undefined;
    if (value?.ok) return `string(${expression}) == ${JSON.stringify(value.value)}`;
  }
  const text = result.ok ? literal(result.value) : undefined;
  return text === undefined ? itself : `dyn(${expression}) == ${text}`;
}

const namespaceObject = {
  metadata: { name: 'default', labels: { 'kubernetes.io/metadata.name': 'default' } },
  spec: { finalizers: ['kubernetes'] },
  status: { phase: 'Active' },
};
const bindingsOf = (object: unknown): { object: unknown; oldObject: null; request: unknown; namespaceObject: unknown } => ({
  object,
  oldObject: null,
  request: {
    operation: 'CREATE',
    kind: { group, version: 'v1', kind: 'Case' },
    resource: { group, version: 'v1', resource: 'cases' },
    requestKind: { group, version: 'v1', kind: 'Case' },
    requestResource: { group, version: 'v1', resource: 'cases' },
    name: 'p',
    namespace: 'default',
    dryRun: true,
    uid: 'x',
    userInfo: { username: 'admin' },
    options: { apiVersion: 'meta.k8s.io/v1', kind: 'CreateOptions' },
  },
  namespaceObject,
});

/** Phrases that name a class of errors by themselves; what stands beside them may be worded otherwise. */
const classes = [
  'syntax error',
  'undeclared reference',
  'undefined field',
  'found no matching overload',
  'must evaluate to',
  'recursion limit',
  'invalid escape',
  'reserved',
  'argument ',
  'error parsing regexp',
  "expected type 'bool'",
  'type conversion error',
  'no such overload',
  'overflow',
  'invalid utf-8',
];

/** Whether two messages tell the same: Vigil's is the server's, with more said after it, or of the same class. */
function sameReason(mine: string, theirs: string): boolean {
  const core = (/<input>:\d+:\d+: ([^\n]*)/.exec(theirs)?.[1] ?? theirs).replace(" (in container '')", '').toLowerCase();
  const own = mine.toLowerCase();
  if (own.startsWith(core)) return true;
  const found = classes.find((phrase) => core.includes(phrase));
  // A lexer's trouble is a syntax error, whatever it is called.
  if (found === 'syntax error') return /syntax error|never closed|escape|unexpected|invalid character|literal/.test(own);
  return found !== undefined && own.includes(found);
}

/** Where Vigil's dialect differs from the server's, and is meant to. */
const exceptions: readonly { readonly about: RegExp; readonly reason: string }[] = [
  { about: /authorizer\./, reason: 'a scan has no authorizer: rules that read it are skipped, by name' },
  { about: /google\.protobuf\.\w+\{|: object\{/, reason: 'messages of protobuf: a rule makes maps, and Vigil says so' },
  { about: /-\(dyn\(duration/, reason: 'the server negates a duration that its checker did not see; written plainly it refuses that' },
  { about: /\[dyn\(timestamp/, reason: 'the server refuses a time as a constant key when it makes the program, Vigil when it is read' },
  { about: /optional\.none\(\)\)\[object\.spec\.neg\]/, reason: 'the server does not look at the index into nothing, Vigil does' },
];

describe('the expression language, beside the API server itself', function () {
  this.timeout(300_000);
  const client = testClient();
  const expressions = corpus();
  const objects = specs.map((spec) => ({ apiVersion: `${group}/v1`, kind: 'Case', metadata: { name: 'p', namespace: 'default' }, spec }));

  /** What Vigil says of one validation over one object. */
  function ours(validation: string, object: unknown): Verdict {
    try {
      return judged(validation, object);
    } catch (error) {
      return { kind: 'crash', text: String(error) };
    }
  }

  function judged(validation: string, object: unknown): Verdict {
    const compiled = compileAdmission({ validations: [{ expression: validation }] }, { kubernetesVersion: version });
    if (!compiled.ok) return { kind: 'refused', text: compiled.errors[0]?.message ?? '' };
    const [outcome] = compiled.program.evaluate(bindingsOf(object)).validations;
    if (outcome?.outcome === 'error') return { kind: 'error', text: outcome.message };
    return { kind: outcome?.outcome ?? 'error', text: '' };
  }

  const policyFor = (name: string, validations: readonly string[]): KubeObject =>
    ({
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          resourceRules: [{ apiGroups: [group], apiVersions: ['v1'], operations: ['CREATE'], resources: ['cases'], resourceNames: [name] }],
        },
        validations: validations.map((expression, index) => ({ expression, message: `m${index}` })),
      },
    }) as unknown as KubeObject;

  /** Installs validations as one policy. Returns what the server refuses of them, by index; then nothing is installed. */
  async function installed(name: string, validations: readonly string[], dryRun = false): Promise<Map<number, string>> {
    try {
      await client.create(policies, policyFor(name, validations), dryRun ? { dryRun: 'All' } : {});
      if (!dryRun)
        await client.create(bindings, { metadata: { name }, spec: { policyName: name, validationActions: ['Warn'] } } as KubeObject);
      return new Map();
    } catch (error) {
      const causes = ((error as KubeApiError).body as { details?: { causes?: { field?: string; message?: string }[] } } | undefined)
        ?.details?.causes;
      if (!(error instanceof KubeApiError) || error.status !== 422 || !causes) throw error;
      return new Map(causes.map(({ field = '', message = '' }) => [Number(/validations\[(\d+)\]/.exec(field)?.[1]), message]));
    }
  }

  /** The warnings that the server gives for one object under one policy. */
  async function warnings(name: string, object: object): Promise<string[]> {
    const { server, headers, pool } = await client.credentials.current();
    const {
      headers: answered,
      statusCode,
      body,
    } = await request(`${server}/apis/${group}/v1/namespaces/default/cases?dryRun=All`, {
      method: 'POST',
      dispatcher: pool('shared'),
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ ...object, metadata: { name, namespace: 'default' } }),
    });
    const text = await body.text();
    if (statusCode !== 201) throw new Error(`${statusCode}: ${text}`);
    return [answered['warning'] ?? []].flat().flatMap((header) =>
      [
        ...Buffer.from(header, 'latin1')
          .toString('utf8')
          .matchAll(/299 - "((?:[^"\\]|\\.)*)"/g),
      ].map(([, said = '']) => said.replace(/\\(.)/g, '$1')),
    );
  }

  before(async () => {
    version = serverMinor();
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `cases.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'cases', singular: 'case', kind: 'Case' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    };
    kubectl(['apply', '-f', '-'], JSON.stringify(definition));
    kubectl(['wait', '--for=condition=Established', '--timeout=30s', `crd/cases.${group}`]);
    await sleep(1000);
  });

  after(() => {
    kubectl(['delete', 'validatingadmissionpolicybindings,validatingadmissionpolicies', '--all', '--wait=false']);
    kubectl(['delete', 'crd', `cases.${group}`, '--wait=false']);
  });

  it('agrees on every expression and object', async () => {
    const differences: string[] = [];
    let refused = 0;
    let compared = 0;
    const accepted: { validation: string; object: number }[] = [];
    const chunks = <T>(all: readonly T[], size: number): T[][] =>
      Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size));
    const validations = [
      ...new Map(
        objects.flatMap((object, index) =>
          expressions.map((expression) => {
            const validation = validationOf(expression, object);
            return [`${index} ${validation}`, { validation, object: index }] as const;
          }),
        ),
      ).values(),
    ];
    // What Vigil refuses, the server must refuse for the same reason.
    const ownRefusals = [
      ...new Set(
        validations
          .filter(({ validation, object }) => ours(validation, objects[object]).kind === 'refused')
          .map(({ validation }) => validation),
      ),
    ];
    await concurrently(chunks(ownRefusals, 40), 4, async (batch) => {
      const said = await installed(`r${batch[0]?.length ?? 0}`, batch, true);
      for (const [index, validation] of batch.entries()) {
        refused++;
        const [mine, theirs] = [ours(validation, objects[0]).text, said.get(index)];
        if (theirs === undefined) differences.push(`Vigil alone refuses ${validation}: ${mine}`);
        else if (!sameReason(mine, theirs))
          differences.push(`refused for another reason: ${validation}\n    Vigil:  ${mine}\n    server: ${theirs.slice(0, 300)}`);
      }
    });
    const known = new Set(ownRefusals);
    for (const entry of validations) if (!known.has(entry.validation)) accepted.push(entry);
    // What Vigil takes, the server must take, and say the same of.
    const batches = objects.flatMap((_, object) =>
      chunks(
        accepted.filter((entry) => entry.object === object),
        batchSize,
      ).map((entries) => ({ entries, object })),
    );
    const ready: { name: string; object: number; validations: string[] }[] = [];
    await concurrently([...batches.entries()], 4, async ([number, { entries, object }]) => {
      const name = `p${number}`;
      let all = entries.map(({ validation }) => validation);
      const said = await installed(name, all);
      for (const [index, message] of said) differences.push(`the server alone refuses ${all[index] ?? ''}: ${message.slice(0, 300)}`);
      if (said.size > 0) {
        all = all.filter((_, index) => !said.has(index));
        if (all.length === 0) return;
        expect(await installed(name, all)).to.have.property('size', 0);
      }
      ready.push({ name, object, validations: all });
    });
    await sleep(4000);
    await concurrently(ready, 4, async ({ name, object, validations: all }) => {
      const said = await warnings(name, objects[object] ?? {});
      for (const [index, validation] of all.entries()) {
        compared++;
        const mine = ours(validation, objects[object]);
        const error = said.find((text) => text.includes(`expression '${validation.slice(0, 100)}`));
        const failed = said.some((text) => text.endsWith(`: m${index}`));
        const theirs = error === undefined ? (failed ? 'fail' : 'pass') : 'error';
        if (mine.kind !== theirs)
          differences.push(
            `${validation} over object ${object}\n    Vigil:  ${mine.kind} ${mine.text}\n    server: ${theirs} ${error ?? ''}`,
          );
      }
    });
    process.stdout.write(`      ${expressions.length} expressions: ${compared} pairs judged, ${refused} refused\n`);
    const meant = differences.filter((text) => exceptions.some(({ about }) => about.test(text.split('\n')[0] ?? '')));
    const found = differences.filter((text) => !meant.includes(text));
    if (found.length > 0) writeFileSync(process.env['VIGIL_PARITY_LOG'] ?? '/dev/null', found.join('\n'));
    expect(found.slice(0, 20), `${found.length} differences`).to.deep.equal([]);
    expect(compared).to.be.greaterThan(1500);
  });

  it('takes a rule that is too expensive, and ends it by the budget, as the server does', async () => {
    const costly = 'object.spec.l.all(a, object.spec.l.all(b, object.spec.l.all(c, object.spec.l.all(d, a + b + c + d > 0))))';
    const object = { ...objects[0], spec: { l: Array.from({ length: 60 }, (_, index) => index + 1) } };
    expect(ours(costly, object)).to.include({ kind: 'error' });
    expect(ours(`true || ${costly}`, object)).to.include({ kind: 'pass' });
    expect(await installed('costly', [costly])).to.have.property('size', 0);
    await sleep(3000);
    const said = await warnings('costly', object);
    expect(said.join(' ')).to.match(/cost|budget/);
  });
});
