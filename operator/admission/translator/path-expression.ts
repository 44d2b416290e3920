import type { ValueCheck } from '../../catalogue/controls/control.ts';
import { replaceIdentifiers } from '../../cel/identifiers.ts';

/** A step of a path: a field, or each item of the list in a field. */
export interface Step {
  readonly name: string;
  readonly each: boolean;
}

/** Returns the steps of a path such as `spec.volumes[].hostPath`. */
export function stepsOf(names: readonly string[]): readonly Step[] {
  return names.map((name) => (name.endsWith('[]') ? { name: name.slice(0, -2), each: true } : { name, each: false }));
}

const all = (conditions: readonly string[]): string => (conditions.length === 0 ? 'true' : conditions.join(' && '));

/** Returns whether a value is set at a path of `base`. A list or map at its end must not be empty if `sized`. */
function isSet(base: string, names: readonly string[], sized: boolean): string {
  const paths = names.map((_, index) => [base, ...names.slice(0, index + 1)].join('.'));
  const conditions = paths.map((path) => `has(${path})`);
  const last = paths.at(-1);
  return all(sized && last !== undefined ? [...conditions, `${last}.size() > 0`] : conditions);
}

/** The expressions of one check, as the violations of its paths. */
export class PathExpression {
  readonly #check: ValueCheck;
  readonly #version: number;
  readonly #params: string;
  #loops = 0;

  /** `params` is the CEL variable with the parameters of the control, `version` the minor version of the Pod Security Standards. */
  constructor(check: ValueCheck, version: number, params: string) {
    this.#check = check;
    this.#version = version;
    this.#params = params;
  }

  /**
   * Returns a CEL expression that is true if the check fails at a path below `base`. It reads `object`, the Pod or object, and `container`
   * if the path starts at a container. The values have the types of the Kubernetes API.
   */
  violated(base: string, steps: readonly Step[]): string {
    const special = this.#special(base, steps);
    if (special !== undefined) return special;
    const list = steps.findIndex(({ each }) => each);
    if (list < 0) return this.#end(base, steps);
    const names = steps.slice(0, list + 1).map(({ name }) => name);
    const path = [base, ...names].join('.');
    const rest = steps.slice(list + 1);
    const item = rest.length === 0 ? 'item' : `item${(this.#loops += 1)}`;
    const inner = rest.length === 0 ? this.#required('item') : this.violated(item, rest);
    return this.#orUnset(isSet(base, names, this.#unset() !== 'false'), inner === 'false' ? 'false' : `${path}.exists(${item}, ${inner})`);
  }

  /** Returns whether the check applies at all: the object has a value at the path `given`. */
  get given(): string | undefined {
    const { given } = this.#check;
    return given === undefined ? undefined : this.#given('object', stepsOf(given.split('.')));
  }

  #given(base: string, steps: readonly Step[]): string {
    const list = steps.findIndex(({ each }) => each);
    if (list < 0)
      return isSet(
        base,
        steps.map(({ name }) => name),
        false,
      );
    const names = steps.slice(0, list + 1).map(({ name }) => name);
    const inner = this.#given('given', steps.slice(list + 1));
    return `${isSet(base, names, true)} && ${[base, ...names].join('.')}.exists(given, ${inner})`;
  }

  /** The end of a path without lists. */
  #end(base: string, steps: readonly Step[]): string {
    const names = steps.map(({ name }) => name);
    const path = [base, ...names].join('.');
    const sized = names.length > 0 && (this.#check.type === 'list' || this.#check.type === 'map');
    return this.#orUnset(isSet(base, names, sized), this.#required(path));
  }

  /** `found` decides if the value is set, otherwise the fallback, otherwise `missing`. */
  #orUnset(set: string, found: string): string {
    if (set === 'true') return found;
    const unset = this.#unset();
    if (unset === 'false') return found === 'false' ? 'false' : found === 'true' ? set : `${set} && ${found}`;
    return found === 'false' && unset === 'true' ? `!(${set})` : `(${set} ? ${found} : ${unset})`;
  }

  #unset(): string {
    const { fallback, missing } = this.#check;
    const otherwise = String(missing === 'fail');
    if (fallback === undefined) return otherwise;
    const names = fallback.split('.');
    return `(${isSet('object', names, false)} ? ${this.#required(['object', ...names].join('.'))} : ${otherwise})`;
  }

  /** Returns whether a value breaks the requirement. */
  #required(value: string): string {
    const { require, entries } = this.#check;
    if (entries === true) return `${value}.exists(key, !(${this.#inserted(`${value}[key]`)}))`;
    if (require === 'true') return 'false';
    return require === 'false' ? 'true' : `!(${this.#inserted(value)})`;
  }

  #inserted(value: string): string {
    const texts: Readonly<Record<string, string>> = { item: value, version: String(this.#version), params: this.#params };
    return replaceIdentifiers(this.#check.require, (name) => (Object.hasOwn(texts, name) ? { text: texts[name] ?? '' } : undefined));
  }

  /** Fields that the API server sets in Pods and not in templates: requests from limits, and host ports with hostNetwork. */
  #special(base: string, steps: readonly Step[]): string | undefined {
    const path = steps.map(({ name, each }) => (each ? `${name}[]` : name)).join('.');
    const resource = /^resources\.requests\.(\w+)$/.exec(path)?.[1];
    if (resource !== undefined) {
      const has = (owner: string, list: string): string => `has(${owner}.${list}) && has(${owner}.${list}.${resource})`;
      const positive = (value: string): string => `sign(quantity(string(${value}))) > 0`;
      const requested = (owner: string): string => {
        const [request, limit] = ['requests', 'limits'].map((list) => positive(`${owner}.${list}.${resource}`));
        return `(has(${owner.slice(0, owner.lastIndexOf('.'))}.resources) && (${has(owner, 'requests')} ? ${request} : ${has(owner, 'limits')} && ${limit}))`;
      };
      return `!(${requested(`${base}.resources`)} || ${requested('object.spec.resources')})`;
    }
    if (path !== 'ports[].hostPort') return undefined;
    const open = `has(port.hostPort) && port.hostPort != 0`;
    const derived = `has(object.spec.hostNetwork) && object.spec.hostNetwork && !(${open}) && ${this.#required('port.containerPort')}`;
    return `has(${base}.ports) && ${base}.ports.exists(port, (${open} && ${this.#required('port.hostPort')}) || (${derived}))`;
  }
}
