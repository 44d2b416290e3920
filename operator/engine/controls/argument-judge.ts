import type { ArgumentCheck } from '../../catalogue/controls/components/argument-check.ts';
import { brokenParent, typedValue, UnexpectedValue } from '../components/argument-value.ts';
import type { ComponentView } from '../components/component-view.ts';
import { componentsOf } from '../components/components-of.ts';
import type { ProgramArgument } from '../components/program-arguments.ts';
import { clean, type Fault, type Outcome, skipped, type Violation } from '../outcomes/outcome.ts';
import { predicate } from './predicate.ts';
import type { Subject } from './subject.ts';

/** Whether the value of an argument is as required. `fault`: it has none of its type. `skip`: it is not known. */
type Verdict = boolean | { readonly fault: string } | { readonly skip: string };

function verdictOnValue(value: unknown, { require, default: fallback }: ArgumentCheck): Verdict {
  const isSet = value !== undefined && !(Array.isArray(value) && value.length === 0);
  if (require === 'set' || require === 'unset') return isSet === (require === 'set');
  const item = value ?? fallback;
  if (item === undefined) return false;
  const verdict = predicate(require)({ item });
  return typeof verdict === 'boolean' ? verdict : { fault: verdict };
}

function verdictOn(argument: ProgramArgument | undefined, name: string, check: ArgumentCheck, isTyped: boolean): Verdict {
  if (argument === undefined) return verdictOnValue(undefined, check);
  if (argument.hidden !== undefined) {
    const { require } = check;
    if (require === 'unset') return false;
    // A value that is only in part in a variable is not empty.
    if (require === 'set' && argument.hidden === 'partly') return true;
    return { skip: `the value of --${name} is in a variable that the object does not show` };
  }
  try {
    return verdictOnValue(typedValue(argument, check, isTyped), check);
  } catch (error) {
    if (error instanceof UnexpectedValue) return { fault: error.message };
    throw error;
  }
}

/** Whether another argument has the value with which a setting has no effect. The last value is the one in force. */
function isWithoutEffect(view: ComponentView, { name, value }: { readonly name: string; readonly value: string }): Verdict {
  const last = view.arguments.get(name)?.values.at(-1) ?? null;
  if (view.isTyped !== true || last === null) return last === value;
  const isSwitch = value === 'true' || value === 'false';
  if (typeof last !== (isSwitch ? 'boolean' : 'string')) return { fault: isSwitch ? 'expected true or false' : 'expected a string' };
  return last === (isSwitch ? value === 'true' : value);
}

/** The outcome for a view as a whole: its arguments are not known, or have no effect. Undefined if each argument has to be judged. */
function outcomeOfView(view: ComponentView, { names, decidedBy, unless }: ArgumentCheck): Outcome | undefined {
  if (view.faults !== undefined) return { ...clean, faults: view.faults };
  if (view.unknown !== undefined) return skipped(view.unknown);
  if (unless !== undefined) {
    const other = isWithoutEffect(view, unless);
    if (other === true) return clean;
    if (other !== false && 'fault' in other) return { ...clean, faults: [{ path: pathOf(view, unless.name), problem: other.fault }] };
  }
  const isElsewhere = decidedBy !== undefined && view.arguments.has(decidedBy) && !names.some((name) => view.arguments.has(name));
  return isElsewhere ? skipped(`the setting is in the file of --${decidedBy}`) : undefined;
}

/** The path of an argument, or of the place where it is missing. */
const pathOf = (view: ComponentView, name: string): string => view.arguments.get(name)?.path ?? (view.place === '' ? name : view.place);

/** The arguments of a check that an object can show. */
const namesIn = ({ shown }: ComponentView, { names }: ArgumentCheck): readonly string[] =>
  shown === undefined ? names : names.filter((name) => shown.has(name));

/** Whether a view shows the program and one of the arguments of a check. */
const isAbout = (view: ComponentView, check: ArgumentCheck): boolean =>
  view.component === check.component && (view.faults !== undefined || namesIn(view, check).length > 0);

/** Judges one view of a program. Paths are those of the view. */
function judged(view: ComponentView, check: ArgumentCheck): Outcome {
  const whole = outcomeOfView(view, check);
  if (whole !== undefined) return whole;
  const violations: Violation[] = [];
  const faults: Fault[] = [];
  const where = view.container === undefined ? {} : { label: view.container, container: view.container };
  for (const name of namesIn(view, check)) {
    const broken = view.isTyped === true ? brokenParent(view.arguments, name) : undefined;
    if (broken !== undefined) {
      faults.push({ path: broken, problem: 'expected a map' });
      continue;
    }
    const verdict = verdictOn(view.arguments.get(name), name, check, view.isTyped === true);
    const path = pathOf(view, name);
    if (verdict === true) continue;
    if (verdict === false) violations.push({ path, ...where });
    else if ('skip' in verdict) return skipped(verdict.skip);
    else faults.push({ path, problem: verdict.fault });
  }
  return violations.length + faults.length === 0 ? clean : { violations, faults };
}

let lastSubject: Subject | undefined;
let lastViews: readonly ComponentView[] = [];

/** The views of a subject. They are kept until another subject is read, because the controls of a subject follow each other. */
function viewsOf(subject: Subject): readonly ComponentView[] {
  if (subject === lastSubject) return lastViews;
  lastViews = componentsOf(subject);
  lastSubject = subject;
  return lastViews;
}

/** Whether an object shows the program of a check. */
export const isAboutComponent = (subject: Subject, check: ArgumentCheck): boolean => viewsOf(subject).some((view) => isAbout(view, check));

/** Evaluates a check on every view of its program. */
export function judgeArguments(subject: Subject, check: ArgumentCheck): Outcome {
  const outcomes = viewsOf(subject)
    .filter((view) => isAbout(view, check))
    .map((view) => judged(view, check));
  const inObject = <Entry extends { readonly path: string }>(entry: Entry): Entry => ({ ...entry, path: subject.path(entry.path) });
  const violations = outcomes.flatMap((outcome) => outcome.violations.map(inObject));
  const faults = outcomes.flatMap((outcome) => outcome.faults.map(inObject));
  if (violations.length + faults.length > 0) return { violations, faults };
  return outcomes.find((outcome) => outcome.skip !== undefined) ?? clean;
}
