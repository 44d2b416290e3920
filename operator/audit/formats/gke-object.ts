import { definedEntries } from '../../api/defined-entries.ts';
import type { AuditObjectReference } from '../audit-event.ts';

const NAMESPACE_SUBRESOURCES = new Set(['finalize', 'status']);
const VERSION = /^v\d+((alpha|beta)\d+)?$/;

/**
 * The object and path of a resource name in Cloud Logging: `core/v1/namespaces/shop/pods/cart/exec`, `rbac.authorization.k8s.io/v1/clusterroles/view`.
 * A name of another form is the path of a request that has no object.
 */
export const gkeObject = (resourceName: string): { readonly objectRef?: AuditObjectReference; readonly requestURI: string } => {
  const [group = '', version = '', ...rest] = resourceName.split('/');
  if (!VERSION.test(version) || rest[0] === undefined) {
    return { requestURI: `/${resourceName}` };
  }
  const apiGroup = group === 'core' ? '' : group;
  const prefix = apiGroup === '' ? `/api/${version}` : `/apis/${apiGroup}/${version}`;
  return { objectRef: { apiGroup, apiVersion: version, ...target(rest) }, requestURI: `${prefix}/${rest.join('/')}` };
};

type Target = Pick<AuditObjectReference, 'resource' | 'subresource' | 'namespace' | 'name'>;

const target = (path: readonly string[]): Target => {
  const [first = '', second, third, fourth, fifth] = path;
  const isNamespaced = first === 'namespaces' && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  if (isNamespaced) return { resource: third, ...definedEntries({ namespace: second, name: fourth, subresource: fifth }) };
  return {
    resource: first,
    ...definedEntries({ namespace: first === 'namespaces' ? second : undefined, name: second, subresource: third }),
  };
};
