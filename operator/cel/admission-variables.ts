import { BOOL, DYN, INT, listOf, mapOf, objectOf, opaque, STRING, TIMESTAMP } from './values/cel-type.ts';
import type { CelType } from './values/cel-type.ts';

const strings = (...names: string[]): Record<string, CelType> => Object.fromEntries(names.map((name) => [name, STRING]));

const GVK = objectOf('kubernetes.GroupVersionKind', strings('group', 'version', 'kind'));
const GVR = objectOf('kubernetes.GroupVersionResource', strings('group', 'version', 'resource'));
const USER_INFO = objectOf('kubernetes.UserInfo', {
  ...strings('username', 'uid'),
  groups: listOf(STRING),
  extra: mapOf(STRING, listOf(STRING)),
});

/** The type of `request`. */
export const REQUEST = objectOf('kubernetes.AdmissionRequest', {
  kind: GVK,
  resource: GVR,
  requestKind: GVK,
  requestResource: GVR,
  ...strings('subResource', 'requestSubResource', 'name', 'namespace', 'operation'),
  userInfo: USER_INFO,
  dryRun: BOOL,
  options: DYN,
});

const CONDITION = objectOf('kubernetes.NamespaceCondition', {
  ...strings('status', 'type', 'message', 'reason'),
  lastTransitionTime: TIMESTAMP,
});

/** The type of `namespaceObject`: the fields of a Namespace that the API server provides. */
export const NAMESPACE = objectOf('kubernetes.Namespace', {
  metadata: objectOf('kubernetes.NamespaceMetadata', {
    ...strings('name', 'generateName', 'namespace', 'UID', 'resourceVersion'),
    labels: mapOf(STRING, STRING),
    annotations: mapOf(STRING, STRING),
    creationTimestamp: TIMESTAMP,
    deletionTimestamp: TIMESTAMP,
    deletionGracePeriodSeconds: INT,
    generation: INT,
    finalizers: listOf(STRING),
  }),
  spec: objectOf('kubernetes.NamespaceSpec', { finalizers: listOf(STRING) }),
  status: objectOf('kubernetes.NamespaceStatus', { conditions: listOf(CONDITION), phase: STRING }),
});

/** Returns the variables of a ValidatingAdmissionPolicy and their types. Includes `params` if the policy binds it. */
export function admissionVariables(params: boolean): Map<string, CelType> {
  const variables = new Map<string, CelType>([
    ['object', DYN],
    ['oldObject', DYN],
    ['request', REQUEST],
    ['namespaceObject', NAMESPACE],
    ['authorizer', opaque('kubernetes.authorization.Authorizer')],
    ['authorizer.requestResource', opaque('kubernetes.authorization.ResourceCheck')],
  ]);
  if (params) variables.set('params', DYN);
  return variables;
}
