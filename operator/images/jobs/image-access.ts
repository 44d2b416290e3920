import { LABELS } from '../../api/group.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { keyInNamespace, namespaceOf } from '../targets/image-key.ts';
import type { ImageEntry, ImageFailure, ImageLedger } from '../ledger/image-ledger.ts';
import { notPullableReason } from '../targets/image-reference.ts';
import type { ImagePlaces, ImagePlace, ImageUser, ImageUsers } from '../targets/image-targets.ts';
import { inventoryJobName, PARTS } from '../targets/image-names.ts';

/**
 * An image that needs a pull secret is looked into in the namespace of a workload that names one, where that namespace has opted in. Who
 * may make or enter pods there can falsify what such a Job says, so it counts for the workloads of that namespace alone: it is
 * kept under the namespace too. What a Job in Vigil's own namespace says counts for all, and goes before.
 */

/** The ClusterRole that a RoleBinding in a namespace refers to by which it opts in, and what the binding is best called. */
export const OPT_IN_ROLE = 'vigil-private-images';
/** The operator's account, as it is installed. */
const operatorAccount = 'vigil-operator';

/** Who may look where. */
export interface ImageAccess {
  /** Vigil's namespace. */
  readonly home: string;
  /** Who names pull secrets, by image and namespace. */
  readonly users: ImageUsers;
  /** Namespaces that have opted in. */
  readonly optedIn: ReadonlySet<string>;
}

/** Images by what they are kept under, with those that nothing can be done about now. */
export interface ImageKeys {
  readonly places: ReadonlyMap<string, ImagePlace>;
  readonly blocked: ReadonlySet<string>;
}

/** Whether a namespace's own inventory of an image is wanted: Vigil's namespace has none and was refused, or there was one before. */
function isWanted(ledger: ImageLedger, image: string, namespace: string): boolean {
  const { inventory, failure } = ledger[image] ?? {};
  return inventory === undefined && (failure?.denied === true || ledger[keyInNamespace(image, namespace)] !== undefined);
}

/** An image that is wanted in a namespace of its own. */
interface WantedInside {
  readonly image: string;
  readonly place: ImagePlace;
  readonly namespace: string;
  readonly user: ImageUser;
}

function wantedIn(ledger: ImageLedger, images: ImagePlaces, users: ImageUsers): WantedInside[] {
  return [...images].flatMap(([image, place]) =>
    [...(users.get(image) ?? [])]
      .filter(([namespace]) => isWanted(ledger, image, namespace))
      .map(([namespace, user]) => ({ image, place, namespace, user })),
  );
}

/** The namespaces of which it matters whether they have opted in. */
export const optInCandidates = (ledger: ImageLedger, images: ImagePlaces, users: ImageUsers): ReadonlySet<string> =>
  new Set(wantedIn(ledger, images, users).map(({ namespace }) => namespace));

/** Everything that is to be kept, and where it is looked into. */
export function imageKeys(ledger: ImageLedger, images: ImagePlaces, { users, optedIn }: ImageAccess): ImageKeys {
  const places = new Map(images);
  const blocked = new Set([...images].flatMap(([key, place]) => (isUnpullable(place) && !ledger[key]?.inventory ? [key] : [])));
  for (const { image, place, namespace, user } of wantedIn(ledger, images, users)) {
    const key = keyInNamespace(image, namespace);
    // What was found with pull secrets stays; who pulls without credentials takes no more of it.
    const open = optedIn.has(namespace) && place.pull !== true;
    if (!(open || ledger[key])) continue;
    places.set(key, { ...place, references: user.references, scanIn: { namespace, pullSecrets: user.pullSecrets } });
    // What was found stays, and is matched with new databases; what is not there cannot be taken.
    if (!open && ledger[key]?.inventory === undefined) blocked.add(key);
  }
  return { places, blocked };
}

const isUnpullable = ({ image, pull }: ImagePlace): boolean => pull === true && notPullableReason(image) !== undefined;

/** Under what the findings are kept that a namespace is told of. */
export function findingsKey(ledger: ImageLedger, image: string, namespace: string): string {
  const key = keyInNamespace(image, namespace);
  return ledger[image]?.inventory === undefined && ledger[key]?.findings ? key : image;
}

/** What is known of an image in a namespace; a refusal says how to mend it. */
export function entryInNamespace(ledger: ImageLedger, access: ImageAccess, image: string, namespace: string): ImageEntry | undefined {
  const everywhere = ledger[image];
  if (!everywhere || everywhere.inventory) return everywhere;
  const own = ledger[keyInNamespace(image, namespace)];
  const { failure, ...rest } = everywhere;
  const findings = own?.findings ?? rest.findings;
  const told = failureIn(access, { failure, own, namespace, named: access.users.get(image)?.has(namespace) === true });
  return {
    ...rest,
    ...(findings ? { findings } : {}),
    ...(told ? { failure: told } : {}),
    ...(own?.waiting ? { waiting: own.waiting } : {}),
  };
}

interface RefusedScan {
  readonly failure: ImageFailure | undefined;
  readonly own: ImageEntry | undefined;
  readonly namespace: string;
  /** Whether workloads there name pull secrets. */
  readonly named: boolean;
}

function failureIn({ home, optedIn }: ImageAccess, { failure, own, namespace, named }: RefusedScan): ImageFailure | undefined {
  if (own?.inventory) return own.failure;
  const here = own?.failure;
  if (!failure?.denied) return here ?? failure;
  // Until the first Job there has ended, nothing is wrong.
  if (named && optedIn.has(namespace)) return here;
  return { ...failure, reason: `${failure.reason}; ${named ? optIn(home, namespace) : noSecret(home)}` };
}

const optIn = (home: string, namespace: string): string =>
  `to have it looked into in this namespace, with its pull secrets: kubectl -n ${namespace} create rolebinding ${OPT_IN_ROLE} ` +
  `--clusterrole=${OPT_IN_ROLE} --serviceaccount=${home}:${operatorAccount}`;

const noSecret = (home: string): string =>
  `no pod that runs it here names imagePullSecrets: give the operator one in namespace ${home}, by the imagePullSecrets of its Deployment`;

/**
 * Tells the Jobs that Vigil has in other namespaces from workloads there. By their names and labels, which others may give to Jobs of
 * their own, but only while an inventory of an image of that namespace is wanting.
 */
export function inventoryJobFilter(ledger: ImageLedger): (target: RecordTarget) => boolean {
  const names = new Set(
    Object.entries(ledger).flatMap(([key, { inventory }]) => (inventory ? [] : [`${namespaceOf(key) ?? ''}/${inventoryJobName(key)}`])),
  );
  return ({ kind, namespace = '', name, labels }) =>
    kind === 'Job' && labels?.[LABELS.part] === PARTS.inventory && names.has(`${namespace}/${name}`);
}
