import type { ProxiedCall } from '../fault-proxy.ts';

type Match = (call: ProxiedCall) => boolean;

/** A report is created by POST and changed by PUT; fields of an older version are transferred by PATCH. */
const isWrite = (method: string): boolean => ['POST', 'PUT', 'PATCH'].includes(method);

/** The kinds of calls of an operator during a scan. */
const callKinds: Readonly<Record<string, Match>> = {
  discovery: ({ method, path }) => method === 'GET' && /^\/(apis?|version)$/.test(path),
  'list while planning': ({ method, path, query }) => method === 'GET' && path === '/apis/apps/v1/statefulsets' && query.includes('limit'),
  'list of a watch': ({ method, path, query }) =>
    method === 'GET' && path.endsWith('/vigil.dev/v1alpha1/scans') && (!query.includes('watch=') || query.includes('sendInitialEvents=')),
  'watch of pods': ({ path, query }) => path.endsWith('/pods') && query.includes('watch=true'),
  'watch of scans': ({ path, query }) => path.endsWith('/scans') && query.includes('watch=true'),
  'scan create': ({ method, path }) => method === 'POST' && path.endsWith('/scans'),
  'document create': ({ method, path, body }) => method === 'POST' && path.endsWith('/configmaps') && !body.includes('-ledger"'),
  'ledger create': ({ method, path, body }) => method === 'POST' && path.endsWith('/configmaps') && body.includes('-ledger"'),
  'ledger read': ({ method, path }) => method === 'GET' && path.endsWith('-ledger'),
  'ledger update': ({ method, path }) => method === 'PUT' && path.endsWith('-ledger'),
  'job create': ({ method, path }) => method === 'POST' && path.endsWith('/jobs'),
  'log read': ({ path }) => path.endsWith('/log'),
  'report read': ({ method, path }) => method === 'GET' && /\/policyreports(\/|$)/.test(path),
  'report write': ({ method, path }) => isWrite(method) && /\/policyreports(\/|$)/.test(path),
  'evidence write': ({ method, path }) => isWrite(method) && /\/clusterpolicyreports(\/|$)/.test(path),
  'scan status write': ({ method, path }) => method === 'PATCH' && /\/scans\/[^/]+\/status$/.test(path),
  'policy status write': ({ method, path }) => method === 'PATCH' && /\/securitypolicies\/[^/]+\/status$/.test(path),
  'job delete': ({ method, path }) => method === 'DELETE' && /\/jobs\//.test(path),
  'ledger delete': ({ method, path }) => method === 'DELETE' && path.endsWith('-ledger'),
  'lease renew': ({ method, path }) => method === 'PUT' && /\/leases\//.test(path),
};

/** Matches the calls of a kind. */
export function callsOf(kind: string): Match {
  const match = callKinds[kind];
  if (!match) throw new Error(`no kind of call ${kind}: there are ${Object.keys(callKinds).join(', ')}`);
  return match;
}

/** The report that a call writes. The name of a new one is only in the body. Undefined if the call writes no namespaced report. */
export function writtenReport({ method, path, body }: ProxiedCall): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /namespaces\/([^/]+)\/policyreports(?:\/([^/]+))?$/.exec(path) ?? [];
  if (namespace === undefined) return undefined;
  const made = method === 'POST' ? (JSON.parse(body) as { metadata: { name: string } }).metadata.name : name;
  return made === undefined ? undefined : { namespace, name: made };
}
