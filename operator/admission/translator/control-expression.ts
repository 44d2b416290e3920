import type { Control, ValueCheck } from '../../catalogue/controls/control.ts';
import { replaceIdentifiers } from '../../cel/identifiers.ts';
import { stringLiteral, stringsLiteral } from './cel-literal.ts';
import { PathExpression, stepsOf } from './path-expression.ts';
import type { PodList } from './pod-expression.ts';

/** The settings of a control in a policy. */
export interface ControlSettings {
  readonly control: Control;
  /** The minor versions of the Pod Security Standards at which the control is evaluated. */
  readonly minors: readonly number[];
  /** The CEL variable with the parameters of the control. */
  readonly params: string;
}

type Place = 'object' | PodList | 'mainContainers';
const placeOf: Readonly<Record<string, Place>> = { 'C*': 'containers', AM: 'longContainers', M: 'mainContainers' };

interface Part {
  readonly place: Place;
  readonly violated: string;
}

/** The checks of a control that the API server evaluates. Empty if it evaluates none. */
const checksOf = ({ checks, enforced }: Control): readonly ValueCheck[] => enforced ?? checks ?? [];

const firstMinor = (check: { readonly since?: number }): number => check.since ?? 0;

/** The conditions under which a check is evaluated, besides its path. */
function conditionsOf(check: ValueCheck, paths: PathExpression): readonly string[] {
  return [
    ...(check.templatesOnly === true ? [`request.kind.kind != 'Pod'`] : []),
    ...(check.kind === undefined ? [] : [`request.kind.kind == ${stringLiteral(check.kind)}`]),
    ...(paths.given === undefined ? [] : [paths.given]),
  ];
}

function partsOf(check: ValueCheck, minor: number, params: string): readonly Part[] {
  const patterns = typeof check.at === 'string' ? [check.at] : check.at;
  return patterns
    .map((pattern): Part => {
      const paths = new PathExpression(check, minor, params);
      const [head = '', ...rest] = pattern.split('.');
      const place = placeOf[head];
      const ofVolume = head === 'spec' && rest[0] === 'volumes[]' && check.missing === undefined && check.fallback === undefined;
      const violated =
        place !== undefined
          ? paths.violated('container', stepsOf(rest))
          : ofVolume
            ? paths.violated('volume', stepsOf(rest.slice(1)))
            : paths.violated('object', stepsOf([head, ...rest]));
      if (violated === 'false') return { place: 'object', violated };
      return { place: place ?? (ofVolume ? 'volumes' : 'object'), violated: [...conditionsOf(check, paths), violated].join(' && ') };
    })
    .filter(({ violated }) => violated !== 'false');
}

/** Returns the violations at one place as a list of pairs: the id of the control, and the container or volume. */
function violationsAt(id: string, place: Place, violated: readonly string[]): string {
  const condition = violated.length === 1 ? (violated[0] ?? 'false') : violated.map((one) => `(${one})`).join(' || ');
  if (place === 'object') return `(${condition} ? [[${id}, '']] : [])`;
  const [list, item] =
    place === 'volumes' ? [place, 'volume'] : [place === 'mainContainers' ? 'object.spec.containers' : place, 'container'];
  return `${list}.map(${item}, ${condition}, [${id}, '${item} ' + ${item}.name])`;
}

function violationsOf({ control, params }: ControlSettings, minor: number): string {
  const checks = checksOf(control).filter((check) => firstMinor(check) <= minor && minor <= (check.until ?? Infinity));
  const parts = checks.flatMap((check) => partsOf(check, minor, params));
  const places = [...new Set(parts.map(({ place }) => place))];
  const lists = places.map((place) =>
    violationsAt(
      stringLiteral(control.id),
      place,
      parts.filter((part) => part.place === place).map(({ violated }) => violated),
    ),
  );
  if (lists.length === 0) return '[]';
  const exemptions = (control.exemptions ?? []).filter((exemption) => firstMinor(exemption) <= minor).map(({ when }) => `(${when})`);
  const violations = lists.join(' + ');
  return exemptions.length === 0 ? violations : `(${exemptions.join(' || ')} ? [] : ${violations})`;
}

/** Returns whether the request is about a kind, as a CEL expression. Undefined: about every kind that the policy matches. */
function kindGuard({ kinds }: Control): string | undefined {
  if (kinds === 'workloads' || kinds === 'namespaced' || kinds === 'manifests') return undefined;
  if (kinds === 'longRunning') return `!(request.kind.kind in ['Job', 'CronJob'])`;
  const names = kinds.filter((kind) => kind !== 'workloads');
  return names.length < kinds.length
    ? undefined
    : `request.kind.kind in ${stringsLiteral(names.map((kind) => kind.split('.')[0] ?? kind))}`;
}

/**
 * Translates a control with value checks to a CEL expression: the list of its violations, each as a pair of the id and the container or
 * volume (`container app`, `volume data`, or empty). The expression reads `object` (the Pod of a workload), the lists of {@link
 * withPodLists}, `request` and the parameters.
 */
export function controlExpression(settings: ControlSettings): string {
  const texts = [...new Set(settings.minors.map((minor) => violationsOf(settings, minor)))].filter((text) => text !== '[]');
  if (texts.length === 0) return '[]';
  const guard = kindGuard(settings.control);
  const violations = texts.join(' + ');
  return guard === undefined ? violations : `(${guard} ? ${violations} : [])`;
}

/** Whether an expression of the control reads its parameters. */
export function usesParameters(control: Control): boolean {
  const { exemptions = [] } = control;
  let used = false;
  const note = (name: string): undefined => {
    used ||= name === 'params';
    return undefined;
  };
  for (const expression of [...checksOf(control).map(({ require }) => require), ...exemptions.map(({ when }) => when)])
    replaceIdentifiers(expression, note);
  return used;
}
