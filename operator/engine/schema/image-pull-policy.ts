const domain =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const path = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const tagged = /^(.*?)(?::([\w][\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$/;

/** Whether the first part of a name is the host of a registry. */
const isHost = (part: string): boolean => /[.:]/.test(part) || part === 'localhost' || part.toLowerCase() !== part;

function isName(name: string): boolean {
  const slash = name.indexOf('/');
  const host = slash < 0 ? '' : name.slice(0, slash);
  if (host === '' || !isHost(host)) return path.test(name) && !/^[a-f0-9]{64}$/.test(name);
  return domain.test(host) && path.test(name.slice(slash + 1));
}

/**
 * Returns the pull policy that the API server sets for an image: `Always` for the tag latest and for no tag. For a text that is not the
 * name of an image: `IfNotPresent`.
 */
export function imagePullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const [, name = '', tag, digest] = tagged.exec(image) ?? [];
  const isMoving = tag === 'latest' || (tag === undefined && digest === undefined);
  return isMoving && isName(name) ? 'Always' : 'IfNotPresent';
}
