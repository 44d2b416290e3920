import { statusBody, type FaultAction } from '../fault-proxy.ts';
import { callsOf } from './call-kinds.ts';
import type { Scenario } from './scenario.ts';

const busy = statusBody(429, 'TooManyRequests', 'the server has asked for the client to make fewer requests and try again later');
const full = statusBody(500, 'InternalError', 'etcdserver: mvcc: database space exceeded');
const forbidden = statusBody(
  403,
  'Forbidden',
  'User "system:serviceaccount:vigil-system:vigil-operator" cannot do this: it was revoked',
  // The authorizer names the kind and no object, since it decides before the object is read.
  { kind: 'resources' },
);

/** The faults of a call, each with the number of calls. */
const faults: Readonly<Record<string, { readonly action: FaultAction; readonly times?: number }>> = {
  'cut before': { action: { kind: 'cut', when: 'before' } },
  'cut after': { action: { kind: 'cut', when: 'after' } },
  'cut after, all the tries': { action: { kind: 'cut', when: 'after' }, times: 5 },
  stalled: { action: { kind: 'stall', when: 'before' } },
  'stalled after': { action: { kind: 'stall', when: 'after' } },
  delayed: { action: { kind: 'delay', milliseconds: 2500 } },
  truncated: { action: { kind: 'truncate' } },
  'without first line': { action: { kind: 'drop-first-line' } },
  'ended early': { action: { kind: 'truncate', clean: true } },
  corrupted: { action: { kind: 'corrupt' } },
  'answered 401': { action: { kind: 'answer', status: 401, body: statusBody(401, 'Unauthorized', 'Unauthorized') } },
  'answered 403': { action: { kind: 'answer', status: 403, body: forbidden }, times: 2 },
  'answered 409': { action: { kind: 'answer', status: 409, body: statusBody(409, 'Conflict', 'the object has been modified') } },
  'answered 404': { action: { kind: 'answer', status: 404, body: statusBody(404, 'NotFound', 'pods "x" not found') } },
  'answered 410': { action: { kind: 'answer', status: 410, body: statusBody(410, 'Expired', 'the resource version is too old') } },
  'answered 429': { action: { kind: 'answer', status: 429, body: busy, retryAfter: 1 }, times: 6 },
  'answered 500': { action: { kind: 'answer', status: 500, body: statusBody(500, 'InternalError', 'an error on the server') }, times: 5 },
  'answered 503': { action: { kind: 'answer', status: 503, body: statusBody(503, 'ServiceUnavailable', 'try again') }, times: 5 },
  'refused for a full disk': { action: { kind: 'answer', status: 500, body: full }, times: 5 },
};

function callFault(fault: string, call: string, quick = false): Scenario {
  const { action, times = 1 } = faults[fault] ?? { action: { kind: 'cut', when: 'before' } as const };
  return { name: `${call} ${fault}`, kind: fault, quick, rules: () => [{ name: `${call} ${fault}`, match: callsOf(call), times, action }] };
}

/** The tested calls of each fault: [fault, the call that is in every run, the others]. */
const callFaults: readonly (readonly [fault: string, quick: string | undefined, ...rest: readonly string[]])[] = [
  ['cut before', undefined, 'discovery', 'list while planning', 'job create', 'log read', 'report write', 'ledger update'],
  [
    'cut after',
    'ledger create',
    'scan create',
    'document create',
    'ledger update',
    'job create',
    'report write',
    'scan status write',
    'evidence write',
    'policy status write',
    'job delete',
    'ledger delete',
  ],
  ['cut after, all the tries', undefined, 'document create', 'ledger create', 'job create', 'scan create', 'report write'],
  ['stalled', 'log read', 'discovery', 'list while planning', 'ledger update', 'report read', 'report write', 'lease renew'],
  ['stalled after', 'watch of pods', 'log read', 'watch of scans'],
  ['delayed', undefined, 'job create', 'report write', 'lease renew'],
  ['truncated', undefined, 'discovery', 'list while planning', 'ledger create', 'ledger read', 'log read', 'report write'],
  ['ended early', 'log read', 'list while planning', 'ledger read', 'list of a watch', 'watch of pods'],
  ['corrupted', 'log read'],
  ['without first line', undefined, 'log read'],
  ['answered 401', undefined, 'list of a watch', 'log read', 'report write', 'lease renew'],
  ['answered 403', 'job create', 'list of a watch', 'watch of pods', 'log read', 'report write', 'scan status write'],
  [
    'answered 409',
    'job create',
    'document create',
    'ledger create',
    'ledger update',
    'report write',
    'scan status write',
    'policy status write',
  ],
  ['answered 404', undefined, 'log read', 'ledger read'],
  ['answered 410', undefined, 'list while planning', 'watch of pods', 'report read'],
  ['answered 429', 'log read', 'discovery', 'list of a watch', 'watch of pods', 'job create', 'report write', 'lease renew'],
  ['answered 500', undefined, 'discovery', 'log read', 'report read', 'report write', 'evidence write', 'job delete'],
  ['answered 503', undefined, 'discovery', 'watch of pods', 'ledger read', 'ledger update', 'report write'],
  ['refused for a full disk', 'ledger update', 'document create', 'job create', 'report write', 'scan status write'],
];

/** The scenarios with a fault of one kind of call. */
export const callScenarios: readonly Scenario[] = callFaults.flatMap(([fault, quick, ...rest]) => [
  ...(quick === undefined ? [] : [callFault(fault, quick, true)]),
  ...rest.map((call) => callFault(fault, call)),
]);
