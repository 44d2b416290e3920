import type { CatalogueEntry } from '../catalogue/controls/control.ts';
import { isEssential } from '../catalogue/frameworks/essentials.ts';
import { frameworkVersions, resolveFramework } from '../catalogue/frameworks/framework.ts';

/** The requirements of one framework that a control covers. */
export interface CoveredRequirements {
  readonly framework: string;
  readonly title: string;
  readonly requirements: readonly string[];
}

/** Returns the requirements that a control covers, in the newest version of each framework. Leaves out the framework `vigil`. */
export function coveredRequirements(control: CatalogueEntry): readonly CoveredRequirements[] {
  return frameworkVersions().flatMap(({ name, title }) => {
    const found = resolveFramework(name, undefined, undefined);
    if (!found.ok || name === 'vigil') return [];
    const requirements = found.framework.requirements.filter(({ controls }) => controls.includes(control.id)).map(({ id }) => id);
    return requirements.length === 0 ? [] : [{ framework: `${name}@${found.framework.version}`, title, requirements }];
  });
}

/** Returns the fields of a control for `vigil controls -o json` and `vigil explain -o json`. */
export function controlFields(control: CatalogueEntry): Record<string, unknown> {
  const { id, title, severity, category, kinds, why, fix, example, parameters } = control;
  return {
    id,
    title,
    severity,
    category,
    essential: isEssential(control),
    kinds,
    why,
    fix,
    example,
    parameters: parameters ?? {},
    frameworks: coveredRequirements(control).map(({ framework, requirements }) => ({ framework, requirements })),
  };
}
