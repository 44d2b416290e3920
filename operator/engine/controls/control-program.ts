import type { CatalogueEntry, ControlParameters, Exemption, ValueCheck, ValueType } from '../../catalogue/controls/control.ts';
import { judgeArguments } from './argument-judge.ts';
import { builtinChecks } from './builtin-checks.ts';
import type { TreePosition, TreeVisitor } from './check-tree.ts';
import { isUnset, pathExists } from './check-input.ts';
import { fieldsOf, isFields, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Violation, type Outcome } from '../outcomes/outcome.ts';
import { type Bindings, checkPredicate, exemptionPredicate, type Predicate } from './predicate.ts';
import type { Subject } from './subject.ts';

/** A Kubernetes quantity: a decimal number with a binary or decimal suffix or an exponent. */
const quantity = /^[+-]?(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/;

const fits: Readonly<Record<ValueType, (value: unknown) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  int: (value) => Number.isInteger(value),
  string: (value) => typeof value === 'string',
  quantity: (value) => (typeof value === 'string' ? quantity.test(value) : typeof value === 'number'),
  list: Array.isArray,
  map: isFields,
  any: () => true,
};

const article: Readonly<Record<ValueType, string>> = {
  bool: 'true or false',
  int: 'a whole number',
  string: 'a string',
  quantity: 'a quantity',
  list: 'a list',
  map: 'a map',
  any: 'a value',
};

/** Marks a field that cannot be reached, because a value on its path is not a map. */
const brokenPath = Symbol('broken path');

/** Collects the violations and faults of one path of one check in the current object. */
class CheckVisitor implements TreeVisitor {
  readonly pathPattern: string;
  readonly visitsUnset: boolean;
  /** Filled while the tree is walked. */
  violations: Violation[] | undefined;
  faults: Fault[] | undefined;
  readonly #check: ValueCheck;
  readonly #fits: (value: unknown) => boolean;
  readonly #fallback: string[] | undefined;
  readonly #given: string[] | undefined;
  #givenOf: Subject | undefined;
  #givenFound = false;
  readonly #require: Predicate;
  readonly #always: boolean | undefined;
  readonly #run: Run;

  constructor(check: ValueCheck, pathPattern: string, run: Run) {
    this.pathPattern = pathPattern;
    this.visitsUnset = check.missing === 'fail' || check.fallback !== undefined;
    this.#check = check;
    this.#fits = fits[check.type];
    this.#fallback = check.fallback?.split('.');
    this.#given = check.given?.split('.');
    this.#require = checkPredicate(check.require);
    this.#always = check.require === 'true' ? true : check.require === 'false' ? false : undefined;
    this.#run = run;
  }

  value(item: unknown, position: TreePosition): void {
    if (this.#given !== undefined && !this.#isGiven(this.#given)) return;
    if (this.#check.entries === true) this.#entries(item, position);
    else if (!this.#fits(item)) this.broken(`expected ${article[this.#check.type]}`, position.path());
    else this.#evaluate(item, position);
  }

  /** Evaluated once per object. */
  #isGiven(steps: readonly string[]): boolean {
    const { subject } = this.#run;
    if (this.#givenOf !== subject) {
      this.#givenOf = subject;
      this.#givenFound = pathExists(subject?.input.object, steps);
    }
    return this.#givenFound;
  }

  unset(position: TreePosition): void {
    if (this.#fallback !== undefined) {
      const found = this.#run.fieldAt(this.#fallback);
      if (found === brokenPath) {
        this.broken('expected a map', this.#fallback.slice(0, -1).join('.'));
        return;
      }
      if (!isUnset(found)) {
        if (this.#fits(found)) this.#evaluate(found, position);
        else this.broken(`expected ${article[this.#check.type]}`, this.#fallback.join('.'));
        return;
      }
    }
    if (this.#check.missing === 'fail') this.#addViolation(position.path(), position.container);
  }

  broken(problem: string, path: string): void {
    this.#run.found = true;
    (this.faults ??= []).push({ path: this.#run.subject?.path(path) ?? path, problem });
  }

  #evaluate(item: unknown, position: TreePosition): void {
    if (this.#always === true) return;
    if (this.#always === undefined) {
      const { bindings } = this.#run;
      bindings['item'] = item;
      bindings['container'] = position.container;
      const verdict = this.#require(bindings);
      if (verdict === true) return;
      if (verdict !== false) {
        this.broken(verdict, position.path());
        return;
      }
    }
    this.#addViolation(position.path(), position.container);
  }

  #entries(map: unknown, position: TreePosition): void {
    if (!isFields(map)) {
      this.broken('expected a map', position.path());
      return;
    }
    const { bindings } = this.#run;
    for (const key of Object.keys(map)) {
      bindings['key'] = key;
      bindings['item'] = map[key];
      bindings['container'] = position.container;
      const verdict = this.#require(bindings);
      if (verdict === true) continue;
      const path = `${position.path()}['${key}']`;
      if (verdict === false) this.#addViolation(path, position.container);
      else this.broken(verdict, path);
    }
  }

  #addViolation(path: string, container: unknown): void {
    const { subject } = this.#run;
    if (subject === undefined) return;
    const name = container === undefined ? undefined : textOf(fieldsOf(container)['name']);
    const violation: Violation = name === undefined ? labelled(subject, path) : { path: subject.path(path), label: name, container: name };
    this.#run.found = true;
    (this.violations ??= []).push(violation);
  }
}

function labelled(subject: Subject, path: string): Violation {
  const label = subject.label(path);
  return label === undefined ? { path: subject.path(path) } : { path: subject.path(path), label };
}

/** The state that the visitors of one control share during a walk. */
class Run {
  readonly bindings: Bindings;
  subject: Subject | undefined;
  /** Whether any visitor found a violation or a fault. */
  found = false;

  constructor(parameters: ControlParameters, version: number) {
    this.bindings = { params: parameters, version, object: undefined, item: undefined, container: undefined, key: '' };
  }

  begin(subject: Subject): void {
    this.subject = subject;
    this.bindings['object'] = subject.input.object;
  }

  /** Returns the value of a field of the object, undefined if it is unset, or {@link brokenPath} if its path cannot be followed. */
  fieldAt(names: readonly string[]): unknown {
    let current: unknown = this.subject?.input.object;
    for (const name of names) {
      if (current === undefined || current === null) return undefined;
      if (!isFields(current)) return brokenPath;
      current = current[name];
    }
    return current;
  }
}

/** The value checks of a control, with its parameters, at one version of the Pod Security Standards. */
export class CheckProgram {
  readonly #run: Run;
  readonly #checks: readonly { readonly check: ValueCheck; readonly visitors: readonly CheckVisitor[] }[];
  readonly #visitors: readonly CheckVisitor[];
  readonly #exemptions: readonly ReturnType<typeof exemptionPredicate>[];

  constructor(control: CatalogueEntry, parameters: ControlParameters, version: number) {
    this.#run = new Run(parameters, version);
    const inForce = (control.checks ?? []).filter((check) => (check.since ?? 0) <= version && version <= (check.until ?? Infinity));
    this.#checks = inForce.map((check) => {
      const patterns = typeof check.at === 'string' ? [check.at] : check.at;
      return { check, visitors: patterns.map((pattern) => new CheckVisitor(check, pattern, this.#run)) };
    });
    this.#visitors = this.#checks.flatMap(({ visitors }) => visitors);
    this.#exemptions = (control.exemptions ?? [])
      .filter(({ since }) => (since ?? 0) <= version)
      .map((exemption: Exemption) => exemptionPredicate(exemption.when));
  }

  /** Returns the visitors for objects of a kind. */
  visitorsFor(groupKind: string): readonly TreeVisitor[] {
    const [kind] = groupKind.split('.');
    return this.#checks
      .filter(({ check }) => !(check.templatesOnly === true && groupKind === 'Pod') && (check.kind === undefined || check.kind === kind))
      .flatMap(({ visitors }) => visitors);
  }

  /** Must be called before a tree with these visitors walks an object. */
  begin(subject: Subject): void {
    this.#run.begin(subject);
    if (!this.#run.found) return;
    this.#run.found = false;
    for (const visitor of this.#visitors) {
      visitor.violations = undefined;
      visitor.faults = undefined;
    }
  }

  /** Whether the walk found nothing. Then {@link end} need not be called: the object passes. */
  get isClean(): boolean {
    return !this.#run.found;
  }

  /** Returns the outcome of the walk. */
  end(): Outcome {
    if (!this.#run.found) return clean;
    const { bindings, subject } = this.#run;
    if (this.#exemptions.some((exempt) => exempt(bindings, subject) === true)) return clean;
    return {
      violations: this.#visitors.flatMap(({ violations: violations }) => violations ?? []),
      faults: this.#visitors.flatMap(({ faults }) => faults ?? []),
    };
  }
}

/** Evaluates single objects with one control, with parameters, at one version of the Pod Security Standards. */
export type ControlProgram = CheckProgram | BuiltinProgram;

/** Compiles a control. Returns undefined for cross-object controls. */
export function controlProgram(control: CatalogueEntry, parameters: ControlParameters, version: number): ControlProgram | undefined {
  const { argument } = control;
  if (argument !== undefined) return { evaluate: (subject) => judgeArguments(subject, argument) };
  if (control.builtin !== undefined) return builtinProgram(control.builtin, parameters, version);
  return control.checks === undefined ? undefined : new CheckProgram(control, parameters, version);
}

/** A control that is evaluated by code. */
export interface BuiltinProgram {
  evaluate(subject: Subject): Outcome;
}

function builtinProgram(name: string, parameters: ControlParameters, minor: number): BuiltinProgram {
  const check = builtinChecks[name];
  if (check === undefined) throw new Error(`no check '${name}'`);
  return { evaluate: (subject) => check(subject, parameters, minor) };
}

/** Whether a value of a parameter counts as set. */
export function isSet(value: unknown): boolean {
  return !isUnset(value);
}
