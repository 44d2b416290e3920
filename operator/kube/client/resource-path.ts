import type { ApiResource } from '../../api/api-resource.ts';

/** The URL path of a resource collection, of an object, or of a subresource. */
export function resourcePath(
  resource: Pick<ApiResource, 'group' | 'version' | 'resource'>,
  at: { namespace?: string | undefined; name?: string; sub?: string } = {},
): string {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const namespace = at.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(at.namespace)}`;
  const name = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`;
  return `${root}${namespace}/${resource.resource}${name}${at.sub === undefined ? '' : `/${at.sub}`}`;
}
