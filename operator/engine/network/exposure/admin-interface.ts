/** The last words of programs that belong to an admin interface, and are none. */
const companion = /(^|[-_.])(exporter|operator|adapter|agent|reloader|renderer|webhook|migration|backup)$/;

/** Whether a text has a name as whole words: `shop-grafana-0` has `grafana`, `unified` has no `nifi`. */
function hasWords(text: string, name: string): boolean {
  for (let at = text.indexOf(name); at >= 0 && name !== ''; at = text.indexOf(name, at + 1)) {
    const [before = '', after = ''] = [text[at - 1], text[at + name.length]];
    if (!/[a-z]/i.test(before) && !/[a-z]/i.test(after)) return true;
  }
  return false;
}

/** The path of an image in its registry, without tag and digest: `docker.io/grafana/grafana:12` is `grafana/grafana`. */
function repositoryOf(image: string): string {
  const [named = ''] = image.split('@', 1);
  const path = named.replace(/:[^/:]*$/, '');
  const [host = '', ...rest] = path.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(host) ? rest.join('/') : path;
}

/** Whether an image has a name in its last part, or a name with slashes in its path. The folder alone tells whose image it is, not what it is. */
function imageIs(image: string, name: string): boolean {
  // Most images have none of the names anywhere: they need not be taken apart.
  if (!image.includes(name)) return false;
  const repository = repositoryOf(image);
  const last = repository.slice(repository.lastIndexOf('/') + 1);
  return name.includes('/') ? hasWords(image, name) : hasWords(last, name) && !companion.test(last);
}

/** Whether a workload is the admin interface of a name, by its own name or by one of its images. */
export function isInterface(workload: string, images: readonly string[], name: string): boolean {
  return (hasWords(workload, name) && !companion.test(workload)) || images.some((image) => imageIs(image, name));
}
