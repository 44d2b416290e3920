import { definedEntries } from '../api/defined-entries.ts';
import { catalogue, controlById } from '../catalogue/controls/catalogue.ts';
import { frameworkVersions } from '../catalogue/frameworks/framework.ts';
import { didYouMean, suggestion } from '../catalogue/suggestion.ts';
import { builtinResources } from '../engine/objects/builtin-resources.ts';
import { exceptionProblems } from '../findings/waivers/exception-problems.ts';
import type { ExceptionObject } from '../findings/waivers/waiver.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { endOf, nameOf, yamlOf } from './input/object-arguments.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const exceptUsage = `vigil except RESOURCE CHECK… --reason TEXT prints the YAML of an exception: a SecurityException, or a
ClusterSecurityException for a cluster-scoped object. RESOURCE is KIND/NAME, such as deployment/web; * in NAME matches any
characters. CHECK is the id of a control, the name of a rule, a framework or a CVE.

  --reason TEXT          why the findings are accepted, for readers; at least 10 characters
  --until DATE           the end of the exception: a date such as 2027-02-28 (0:00 UTC), or a time in RFC 3339; the default is
                         365 days after its creation
  --namespace, -n NAME   the namespace of the object; the default is default
  --policy NAME          only for the findings of this SecurityPolicy; can be repeated
  --container NAME       only for findings in this container; can be repeated
  --name NAME            the name of the exception; the default is made of the object and the check
`;

type Arguments = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: {
      reason: { type: 'string' },
      until: { type: 'string' },
      namespace: { type: 'string', short: 'n' },
      policy: { type: 'string', multiple: true },
      container: { type: 'string', multiple: true },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const [resource, ...checks] = positionals;
  return { ...values, resource, checks };
}

/** The object that an exception is for. */
interface Target {
  readonly apiGroup: string;
  readonly kind: string;
  readonly name: string;
  readonly namespaced: boolean;
}

/** What RBAC names and no object is: anomalies are about users. */
const subjects: ReadonlyMap<string, string> = new Map([
  ...['user', 'users'].map((word) => [word, 'User'] as const),
  ...['group', 'groups'].map((word) => [word, 'Group'] as const),
]);
const rbac = 'rbac.authorization.k8s.io';

/** Reads `user/NAME` or `group/NAME`. The name may contain slashes. Undefined for something else. */
function subjectOf(text: string): Target | undefined {
  const [type = '', ...rest] = text.split('/');
  const [word = '', ...groups] = type.toLowerCase().split('.');
  const kind = subjects.get(word);
  const name = rest.join('/');
  if (kind === undefined || name === '' || (groups.length > 0 && groups.join('.') !== rbac)) return undefined;
  return { apiGroup: rbac, kind, name, namespaced: false };
}

/** Reads `kind/name`. The kind may be the resource or the kind, in any case, with or without its group, as for kubectl. */
function targetOf(text: string): Target {
  const [type = '', name = '', ...rest] = text.split('/');
  if (type === '' || name === '' || rest.length > 0) throw new UsageError(`'${text}' is not KIND/NAME, such as deployment/web`);
  const [word = '', ...groups] = type.split('.');
  const wanted = word.toLowerCase();
  const resource = builtinResources.find(
    ({ kind, resource: plural, group }) =>
      [kind.toLowerCase(), plural].includes(wanted) && (groups.length === 0 || group === groups.join('.')),
  );
  if (resource !== undefined) return { apiGroup: resource.group, kind: resource.kind, name, namespaced: resource.namespaced };
  // A kind of a CRD is written as in its manifests: Kind.group.
  if (groups.length > 0 && /^[A-Z]/.test(word)) return { apiGroup: groups.join('.'), kind: word, name, namespaced: true };
  const known = builtinResources.map(({ kind }) => kind.toLowerCase());
  throw new UsageError(`no kind '${type}'${didYouMean(wanted, known)}; write the kind of a CRD as Kind.group, such as Widget.example.com`);
}

function reasonOf(reason: string | undefined): string {
  const text = reason?.trim() ?? '';
  if (text.length < 10)
    throw new UsageError(`--reason is required, and has at least 10 characters${text === '' ? '' : `: '${text}' is too short`}`);
  return text;
}

function checkOf(text: string): ExceptionObject['spec']['checks'][number] {
  if (/^(CVE|GHSA)-/.test(text)) return { vulnerability: text };
  const isFramework = controlById(text) === undefined && frameworkVersions().some(({ name }) => name === text);
  return isFramework ? { framework: text } : { name: text };
}

function exceptionOf(resource: string, { checks, ...values }: Arguments, now: number): ExceptionObject {
  const { apiGroup, kind, name, namespaced } = subjectOf(resource) ?? targetOf(resource);
  const { namespace, policy, container } = values;
  if (!namespaced && namespace !== undefined) throw new UsageError(`--namespace: ${kind} is cluster-scoped`);
  return {
    metadata: {
      name: values.name ?? nameOf([kind, name, checks[0] ?? '']),
      ...definedEntries({ namespace: namespaced ? (namespace ?? 'default') : undefined }),
    },
    spec: {
      reason: reasonOf(values.reason),
      ...definedEntries({ expiresAt: endOf(values.until, now), policies: policy }),
      targets: [{ apiGroup, kind, names: [name], ...definedEntries({ containers: container }) }],
      checks: checks.map(checkOf),
    },
  };
}

/** Prints an exception. Throws {@link UsageError} for what the operator would refuse. */
function except(args: Arguments, io: Io): number {
  const { resource, checks, policy } = args;
  if (resource === undefined || checks.length === 0)
    throw new UsageError('name an object and at least one check: vigil except KIND/NAME CHECK');
  const exception = exceptionOf(resource, args, Date.now());
  // With --policy, a name that is similar to no control may be a rule of that policy.
  const rules =
    policy === undefined
      ? []
      : checks.filter(
          (name) =>
            suggestion(
              name,
              catalogue.map(({ id }) => id),
            ) === undefined,
        );
  const [problem] = exceptionProblems(exception, new Set(rules));
  if (problem !== undefined) throw new UsageError(problem.replace(/^spec\.checks\[\d+\]\.\w+: /, ''));
  const kind = exception.metadata.namespace === undefined ? 'ClusterSecurityException' : 'SecurityException';
  io.out(yamlOf(kind, exception));
  return exitCodes.clean;
}

/** Runs `vigil except`. Resolves to the exit code. */
export const run = cliCommand({ name: 'except', usage: exceptUsage, parse, run: except });
