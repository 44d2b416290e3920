import { ingressNginxVulnerabilities, type KnownVulnerability } from '../../catalogue/controls/cluster/known-versions.ts';
import { fieldsOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Outcome, skipped, type Violation } from '../outcomes/outcome.ts';

/** The containers of a pod, by list. */
export interface PodContainers {
  readonly containers: readonly { readonly path: string; readonly containers: readonly unknown[] }[];
}

/** The images of the project and of those that build it again. nginx/nginx-ingress is another program. */
const repositories = /(^|\/)(ingress-nginx\/controller(-chroot)?|nginx-ingress-controller(-amd64|-arm64)?|ingress-nginx-controller)$/;

interface Controller extends Violation {
  /** Undefined: the tag does not tell it. */
  readonly version: readonly number[] | undefined;
}

const versionOf = (text: string): readonly number[] | undefined => {
  const [, ...parts] = /^v?(\d+)\.(\d+)\.(\d+)(?:[-_+].*)?$/.exec(text) ?? [];
  return parts.length === 0 ? undefined : parts.map(Number);
};

function controllerIn(item: unknown, path: string): Controller | undefined {
  const { image, name } = fieldsOf(item);
  // Nearly all images are others, and this is the fastest way to tell.
  if (typeof image !== 'string' || !image.includes('nginx')) return undefined;
  const [, repository = '', tag = ''] = /^([^@]*?)(?::([^:/@]+))?(?:@.*)?$/.exec(image) ?? [];
  if (!repositories.test(repository)) return undefined;
  const container = textOf(name);
  return { path, version: versionOf(tag), ...(container === undefined ? {} : { container, label: container }) };
}

function controllersIn({ containers: lists }: PodContainers, toPath: (path: string) => string): readonly Controller[] {
  const controllers: Controller[] = [];
  for (const { path, containers } of lists) {
    for (let index = 0; index < containers.length; index += 1) {
      const found = controllerIn(containers[index], `${path}[${index}].image`);
      if (found !== undefined) controllers.push({ ...found, path: toPath(found.path) });
    }
  }
  return controllers;
}

const compare = (a: readonly number[], b: readonly number[]): number => {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
};

/** Whether a version has a vulnerability: it is older than the fix of its line, and than the newest fix if its line has none. */
function isVulnerable(version: readonly number[], { fixed }: KnownVulnerability): boolean {
  const fixes = fixed.map((text) => versionOf(text) ?? []);
  const ofLine = fixes.find(([major, minor]) => major === version[0] && minor === version[1]);
  const fix = ofLine ?? fixes.at(-1) ?? [];
  return compare(version, fix) < 0;
}

/** Fails for images of ingress-nginx whose tag is a version with a known vulnerability. Skipped if the tag is no version. */
export function ingressNginxVulnerable(pod: PodContainers, toPath: (path: string) => string): Outcome {
  const controllers = controllersIn(pod, toPath);
  if (controllers.length === 0) return clean;
  const found = controllers.map((controller) => ({
    controller,
    known: ingressNginxVulnerabilities.filter((vulnerability) => controller.version && isVulnerable(controller.version, vulnerability)),
  }));
  const vulnerable = found.filter(({ known }) => known.length > 0);
  if (vulnerable.length === 0)
    return controllers.some(({ version }) => version === undefined)
      ? skipped('the tag of the image does not tell the version of ingress-nginx')
      : clean;
  const cves = [...new Set(vulnerable.flatMap(({ known }) => known.map(({ cve }) => cve)))];
  const isCritical = vulnerable.some(({ known }) => known.some(({ severity }) => severity === 'critical'));
  const names = vulnerable.map(({ controller }) => controller.container).filter((name) => name !== undefined);
  const place = names.length === 0 ? '' : `container${names.length === 1 ? '' : 's'} ${names.join(', ')}: `;
  return {
    violations: vulnerable.map(({ controller: { version: _, ...violation } }) => violation),
    faults: [],
    message: `${place}the version of ingress-nginx has ${cves.join(', ')}`,
    ...(isCritical ? { severity: 'critical' as const } : {}),
  };
}

/** Fails for images of ingress-nginx of any version. */
export function ingressNginxEnded(pod: PodContainers, toPath: (path: string) => string): Outcome {
  const violations = controllersIn(pod, toPath).map(({ version: _, ...violation }) => violation);
  return violations.length === 0 ? clean : { violations, faults: [] };
}
