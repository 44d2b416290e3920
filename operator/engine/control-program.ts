import type { CatalogueEntry, Exemption, ValueCheck, ValueType } from '../controls/control.ts';
import { builtinJudges } from './builtin-judges.ts';
import { fieldsOf, isFields, textOf } from './kubernetes-object.ts';
import { clean, type Fault, type Offence, type Outcome } from './outcome.ts';
import { type Bindings, type Predicate, predicate } from './predicate.ts';
import type { Subject } from './subject.ts';
import { isUnset, ValueWalk, type Visitor } from './value-walk.ts';

/** A control's parameters, with the defaults filled in. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Judges single objects by one control, with parameters, at one version of the Pod Security Standards. */
export interface ControlProgram {
  judge(subject: Subject): Outcome;
}

/** A quantity of Kubernetes: a decimal number with a binary or decimal suffix, or an exponent. */
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

const fallbackVisitor = (): Visitor & { found: unknown } => ({
  found: undefined,
  value(item) {
    this.found = item;
  },
  unset: () => undefined,
  broken: () => undefined,
});

interface Findings {
  offences?: Offence[];
  faults?: Fault[];
}

/** One way of one check, visited in one object at a time. */
class CheckVisitor implements Visitor {
  readonly #check: ValueCheck;
  readonly #walk: ValueWalk;
  readonly #fallback: ValueWalk | undefined;
  readonly #given: ValueWalk | undefined;
  readonly #require: Predicate;
  readonly #always: boolean | undefined;
  #subject: Subject | undefined;
  #bindings: Bindings = {};
  #found: Findings = {};

  constructor(check: ValueCheck, at: string) {
    this.#check = check;
    this.#walk = new ValueWalk(at);
    this.#fallback = check.fallback === undefined ? undefined : new ValueWalk(check.fallback);
    this.#given = check.given === undefined ? undefined : new ValueWalk(check.given);
    this.#require = predicate(check.require);
    this.#always = check.require === 'true' ? true : check.require === 'false' ? false : undefined;
  }

  run(subject: Subject, bindings: Bindings, found: Findings): void {
    if (this.#given !== undefined && !this.#exists(this.#given, subject)) return;
    this.#subject = subject;
    this.#bindings = bindings;
    this.#found = found;
    this.#walk.walk(subject.ground, this);
  }

  value(item: unknown, container: unknown): void {
    if (this.#check.entries === true) this.#entries(item, container);
    else if (!fits[this.#check.type](item)) this.broken(`expected ${article[this.#check.type]}`);
    else this.#judge(item, container);
  }

  unset(container: unknown): void {
    if (this.#fallback !== undefined && this.#subject !== undefined) {
      const visitor = fallbackVisitor();
      this.#fallback.walk(this.#subject.ground, visitor);
      if (visitor.found !== undefined) {
        if (fits[this.#check.type](visitor.found)) this.#judge(visitor.found, container);
        return;
      }
    }
    if (this.#check.missing === 'fail') this.#offend(this.#walk.path(), container);
  }

  broken(problem: string): void {
    (this.#found.faults ??= []).push({ path: this.#subject?.path(this.#walk.path()) ?? '', problem });
  }

  #exists(walk: ValueWalk, subject: Subject): boolean {
    const visitor = fallbackVisitor();
    walk.walk(subject.ground, visitor);
    return visitor.found !== undefined;
  }

  #judge(item: unknown, container: unknown): void {
    if (this.#always === true) return;
    if (this.#always === undefined) {
      this.#bindings['item'] = item;
      this.#bindings['container'] = container;
      const verdict = this.#require(this.#bindings);
      if (verdict === true) return;
      if (verdict !== false) {
        this.broken(verdict);
        return;
      }
    }
    this.#offend(this.#walk.path(), container);
  }

  #entries(map: unknown, container: unknown): void {
    if (!isFields(map)) {
      this.broken('expected a map');
      return;
    }
    for (const key of Object.keys(map)) {
      this.#bindings['key'] = key;
      this.#bindings['item'] = map[key];
      this.#bindings['container'] = container;
      const verdict = this.#require(this.#bindings);
      if (verdict === true) continue;
      const path = `${this.#walk.path()}['${key}']`;
      if (verdict === false) this.#offend(path, container);
      else (this.#found.faults ??= []).push({ path: this.#subject?.path(path) ?? path, problem: verdict });
    }
  }

  #offend(path: string, container: unknown): void {
    const subject = this.#subject;
    if (subject === undefined) return;
    const name = container === undefined ? undefined : textOf(fieldsOf(container)['name']);
    const offence: Offence = name === undefined ? labelled(subject, path) : { path: subject.path(path), label: name, container: name };
    (this.#found.offences ??= []).push(offence);
  }
}

function labelled(subject: Subject, path: string): Offence {
  const label = subject.label(path);
  return label === undefined ? { path: subject.path(path) } : { path: subject.path(path), label };
}

interface PreparedCheck {
  readonly check: ValueCheck;
  readonly visitors: readonly CheckVisitor[];
}

/** Compiles what a control says about single objects; undefined for controls that need other objects. */
export function controlProgram(control: CatalogueEntry, parameters: Parameters, version: number): ControlProgram | undefined {
  if (control.builtin !== undefined) return builtinProgram(control.builtin, parameters);
  if (control.checks === undefined) return undefined;
  const inForce = control.checks.filter((check) => (check.since ?? 0) <= version && version <= (check.until ?? Infinity));
  const prepared = inForce.map((check): PreparedCheck => {
    const ways = typeof check.at === 'string' ? [check.at] : check.at;
    return { check, visitors: ways.map((at) => new CheckVisitor(check, at)) };
  });
  const exemptions = (control.exemptions ?? [])
    .filter(({ since }) => (since ?? 0) <= version)
    .map((exemption: Exemption) => predicate(exemption.when));
  const bindings: Bindings = { params: parameters, version, object: undefined, item: undefined, container: undefined, key: '' };
  return { judge: (subject) => judgeChecks(subject, prepared, exemptions, bindings) };
}

function judgeChecks(subject: Subject, prepared: readonly PreparedCheck[], exemptions: readonly Predicate[], bindings: Bindings): Outcome {
  if (subject.fault !== undefined) return { offences: [], faults: [subject.fault] };
  bindings['object'] = subject.ground.object;
  const found: Findings = {};
  for (const { check, visitors } of prepared) {
    if (!applies(check, subject)) continue;
    for (const visitor of visitors) visitor.run(subject, bindings, found);
  }
  if (found.offences === undefined && found.faults === undefined) return clean;
  if (exemptions.some((exempt) => exempt(bindings) === true)) return clean;
  return { offences: found.offences ?? [], faults: found.faults ?? [] };
}

function applies(check: ValueCheck, subject: Subject): boolean {
  if (check.templatesOnly === true && subject.groupKind === 'Pod') return false;
  return check.kind === undefined || subject.object.kind === check.kind;
}

function builtinProgram(name: string, parameters: Parameters): ControlProgram {
  const judge = builtinJudges[name];
  if (judge === undefined) throw new Error(`no judge '${name}'`);
  return { judge: (subject) => (subject.fault === undefined ? judge(subject, parameters) : { offences: [], faults: [subject.fault] }) };
}

/** Whether a value of a parameter counts as set. */
export function isSet(value: unknown): boolean {
  return !isUnset(value);
}
