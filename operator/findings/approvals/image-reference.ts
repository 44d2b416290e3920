/** Splits an image reference. `name` is as written, with its registry if it has one. */
export function partsOf(reference: string): { readonly name: string; readonly tag?: string; readonly digest?: string } {
  const at = reference.indexOf('@');
  const [name, digest] = at < 0 ? [reference, undefined] : [reference.slice(0, at), reference.slice(at + 1)];
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return {
    name: colon < 0 ? name : name.slice(0, colon),
    ...(colon < 0 ? {} : { tag: name.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

const dockerHub: ReadonlySet<string> = new Set(['index.docker.io', 'registry-1.docker.io', 'hub.docker.com', 'docker.io']);

/** Returns the registry of a repository. Undefined if it names none. */
export function registryOf(name: string): string | undefined {
  const [first = '', ...rest] = name.split('/');
  return rest.length > 0 && (/[.:]/.test(first) || first === 'localhost') ? first : undefined;
}

/** Returns the full name of a repository. The default registry is `docker.io`, and its default namespace is `library`. */
export function repositoryOf(written: string): string {
  const name = written.toLowerCase();
  const registry = registryOf(name);
  if (registry !== undefined && !dockerHub.has(registry)) return name;
  const path = registry === undefined ? name : name.slice(registry.length + 1);
  return `docker.io/${path.includes('/') ? '' : 'library/'}${path}`;
}
