import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import { frameworkVersions, resolveFramework } from '../catalogue/frameworks/framework.ts';

/** A framework's requirements that a control serves. */
export interface ServedRequirements {
  readonly framework: string;
  readonly title: string;
  readonly requirements: readonly string[];
}

/** The requirements that a control serves, in the newest version of each framework. */
export function servedRequirements(control: CatalogueEntry): readonly ServedRequirements[] {
  return frameworkVersions().flatMap(({ name, title }) => {
    const found = resolveFramework(name, undefined, undefined);
    if (!found.ok || name === 'vigil') return [];
    const requirements = found.framework.requirements.filter(({ controls }) => controls.includes(control.id)).map(({ id }) => id);
    return requirements.length === 0 ? [] : [{ framework: `${name}@${found.framework.version}`, title, requirements }];
  });
}

/** A control as `vigil controls -o json` and `vigil explain -o json` print it. */
export function controlFields(control: CatalogueEntry): Record<string, unknown> {
  const { id, title, severity, category, essential, kinds, why, fix, example, parameters } = control;
  return {
    id,
    title,
    severity,
    category,
    essential,
    kinds,
    why,
    fix,
    example,
    parameters: parameters ?? {},
    frameworks: servedRequirements(control).map(({ framework, requirements }) => ({ framework, requirements })),
  };
}
