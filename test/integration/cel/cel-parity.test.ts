import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import type { ApiResource } from '../../../operator/api/api-resource.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { compileAdmission } from '../../../operator/cel/admission.ts';
import { compile as compileFor, type CompileResult } from '../../../operator/cel/compile.ts';
import { showType } from '../../../operator/cel/values/cel-type.ts';
import { KubeApiError } from '../../../operator/kube/client/kube-api-error.ts';
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
/** Small, so that all warnings of a policy fit into the headers of one response. */
const batchSize = 10;

interface Verdict {
  readonly kind: 'pass' | 'fail' | 'error' | 'refused' | 'crash';
  readonly text: string;
}

/** The server's version. Vigil compiles expressions for this version. */
let version = '';
const compile = (expression: string): CompileResult => compileFor(expression, { kubernetesVersion: version });

/** Returns the CEL literal of a JSON value. Undefined for other values. */
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

const withStringForm = new Set([
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

function valueOrUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Returns an expression as a validation. An expression of another type than bool is compared with Vigil's result. */
function validationOf(expression: string, object: unknown): string {
  const compiled = compile(expression);
  const itself = `dyn(${expression}) == dyn(${expression})`;
  // The server checks the type before it instantiates the program.
  if (!compiled.ok && compiled.errors.every(({ message }) => message.startsWith('program instantiation failed'))) return itself;
  if (!compiled.ok || showType(compiled.program.resultType) === 'bool') return expression;
  const type = showType(compiled.program.resultType);
  const result = valueOrUndefined(() => compiled.program.evaluate(bindingsOf(object)));
  if (!result || /^(list|map).*(duration|timestamp|Duration|Timestamp)/.test(type)) return itself;
  if (withStringForm.has(type)) {
    const asString = compile(`string(${expression})`);
    const value = asString.ok ? valueOrUndefined(() => asString.program.evaluate(bindingsOf(object))) : undefined;
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

/** Phrases that identify a class of errors. The rest of the message may differ. */
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

/** Whether two messages have the same reason: Vigil's message starts with the server's, or both are of the same class. */
function sameReason(mine: string, theirs: string): boolean {
  const core = (/<input>:\d+:\d+: ([^\n]*)/.exec(theirs)?.[1] ?? theirs).replace(" (in container '')", '').toLowerCase();
  const own = mine.toLowerCase();
  if (own.startsWith(core)) return true;
  const found = classes.find((phrase) => core.includes(phrase));
  // A lexer error is a syntax error with another text.
  if (found === 'syntax error') return /syntax error|not closed|escape|unexpected|invalid character|literal/.test(own);
  return found !== undefined && own.includes(found);
}

/** Intended differences between Vigil and the server. */
const exceptions: readonly { readonly about: RegExp; readonly reason: string }[] = [
  { about: /authorizer\./, reason: 'a scan has no authorizer: rules that read it are skipped' },
  { about: /google\.protobuf\.\w+\{|: object\{/, reason: 'protobuf messages: Vigil refuses them, because rules build maps' },
  { about: /-\(dyn\(duration/, reason: 'the server negates a duration of type dyn, but refuses it with its static type' },
  {
    about: /\[dyn\(timestamp/,
    reason: 'the server refuses a timestamp as a constant key when it instantiates the program, Vigil when it evaluates it',
  },
  {
    about: /optional\.none\(\)\)\[object\.spec\.neg\]/,
    reason: 'the server does not evaluate the index into an empty optional, Vigil does',
  },
];

describe('the expression language compared with the API server', function () {
  this.timeout(300_000);
  const client = testClient();
  const expressions = corpus();
  const objects = specs.map((spec) => ({ apiVersion: `${group}/v1`, kind: 'Case', metadata: { name: 'p', namespace: 'default' }, spec }));

  /** Returns Vigil's verdict of one validation on one object. */
  function vigilVerdict(validation: string, object: unknown): Verdict {
    try {
      return evaluated(validation, object);
    } catch (error) {
      return { kind: 'crash', text: String(error) };
    }
  }

  function evaluated(validation: string, object: unknown): Verdict {
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

  /** Installs validations as one policy. Returns the messages of refused validations by index. Installs nothing if there are any. */
  async function install(name: string, validations: readonly string[], dryRun = false): Promise<Map<number, string>> {
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

  /** Returns the server's warnings for one object under one policy. */
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
      ].map(([, warning = '']) => warning.replace(/\\(.)/g, '$1')),
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

  it('has the same verdict for every expression and object', async () => {
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
    // The server must refuse what Vigil refuses, for the same reason.
    const ownRefusals = [
      ...new Set(
        validations
          .filter(({ validation, object }) => vigilVerdict(validation, objects[object]).kind === 'refused')
          .map(({ validation }) => validation),
      ),
    ];
    await concurrently(chunks(ownRefusals, 40), 4, async (batch) => {
      const refusals = await install(`r${batch[0]?.length ?? 0}`, batch, true);
      for (const [index, validation] of batch.entries()) {
        refused++;
        const [mine, theirs] = [vigilVerdict(validation, objects[0]).text, refusals.get(index)];
        if (theirs === undefined) differences.push(`Vigil alone refuses ${validation}: ${mine}`);
        else if (!sameReason(mine, theirs))
          differences.push(`refused for another reason: ${validation}\n    Vigil:  ${mine}\n    server: ${theirs.slice(0, 300)}`);
      }
    });
    const known = new Set(ownRefusals);
    for (const entry of validations) if (!known.has(entry.validation)) accepted.push(entry);
    // The server must accept what Vigil accepts, with the same verdict.
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
      const refusals = await install(name, all);
      for (const [index, message] of refusals) differences.push(`the server alone refuses ${all[index] ?? ''}: ${message.slice(0, 300)}`);
      if (refusals.size > 0) {
        all = all.filter((_, index) => !refusals.has(index));
        if (all.length === 0) return;
        expect(await install(name, all)).to.have.property('size', 0);
      }
      ready.push({ name, object, validations: all });
    });
    await sleep(4000);
    await concurrently(ready, 4, async ({ name, object, validations: all }) => {
      const given = await warnings(name, objects[object] ?? {});
      for (const [index, validation] of all.entries()) {
        compared++;
        const mine = vigilVerdict(validation, objects[object]);
        const error = given.find((text) => text.includes(`expression '${validation.slice(0, 100)}`));
        const failed = given.some((text) => text.endsWith(`: m${index}`));
        const theirs = error === undefined ? (failed ? 'fail' : 'pass') : 'error';
        if (mine.kind !== theirs)
          differences.push(
            `${validation} over object ${object}\n    Vigil:  ${mine.kind} ${mine.text}\n    server: ${theirs} ${error ?? ''}`,
          );
      }
    });
    process.stdout.write(`      ${expressions.length} expressions: ${compared} pairs evaluated, ${refused} refused\n`);
    const intended = differences.filter((text) => exceptions.some(({ about }) => about.test(text.split('\n')[0] ?? '')));
    const found = differences.filter((text) => !intended.includes(text));
    if (found.length > 0) writeFileSync(process.env['VIGIL_PARITY_LOG'] ?? '/dev/null', found.join('\n'));
    expect(found.slice(0, 20), `${found.length} differences`).to.deep.equal([]);
    expect(compared).to.be.greaterThan(1500);
  });

  it('accepts a rule above the cost budget and stops its evaluation, as the server does', async () => {
    const costly = 'object.spec.l.all(a, object.spec.l.all(b, object.spec.l.all(c, object.spec.l.all(d, a + b + c + d > 0))))';
    const object = { ...objects[0], spec: { l: Array.from({ length: 60 }, (_, index) => index + 1) } };
    expect(vigilVerdict(costly, object)).to.include({ kind: 'error' });
    expect(vigilVerdict(`true || ${costly}`, object)).to.include({ kind: 'pass' });
    expect(await install('costly', [costly])).to.have.property('size', 0);
    await sleep(3000);
    const given = await warnings('costly', object);
    expect(given.join(' ')).to.match(/cost|budget/);
  });
});
