import { LABELS } from '../../api/group.ts';
import type { RecordTarget } from '../../stream/stream-record.ts';
import { keyInNamespace, namespaceOf } from '../targets/image-key.ts';
import type { ImageEntry, ImageFailure, ImageLedger } from '../ledger/image-ledger.ts';
import { notPullableReason } from '../targets/image-reference.ts';
import type { ImagePlaces, ImagePlace, ImageUser, ImageUsers } from '../targets/image-targets.ts';
import { inventoryJobName, PARTS } from '../targets/image-names.ts';

/**
 * An image that needs a pull secret is scanned in the namespace of a workload that has one, if that namespace has opted in. Users who can
 * create pods there, or exec into them, can falsify the results of such a Job. Its results therefore apply to that namespace only, and the
 * key of the ledger entry contains the namespace. The results of a Job in Vigil's own namespace apply to all and take precedence.
 */

/** The ClusterRole that a namespace binds to opt in, and the suggested name of the RoleBinding. */
export const OPT_IN_ROLE = 'vigil-private-images';
/** The operator's ServiceAccount in the default installation. */
const operatorAccount = 'vigil-operator';

/** The namespaces where images may be scanned. */
export interface ImageAccess {
  /** Vigil's namespace. */
  readonly home: string;
  /** The pull secrets by image and namespace. */
  readonly users: ImageUsers;
  /** Namespaces that have opted in. */
  readonly optedIn: ReadonlySet<string>;
}

/** The images by key, and the keys of images that cannot be scanned now. */
export interface ImageKeys {
  readonly places: ReadonlyMap<string, ImagePlace>;
  readonly blocked: ReadonlySet<string>;
}

/**
 * Whether a namespace needs its own inventory of an image: Vigil's namespace has none, and the registry denied it or the namespace had one
 * before.
 */
function isWanted(ledger: ImageLedger, image: string, namespace: string): boolean {
  const { inventory, failure } = ledger[image] ?? {};
  return inventory === undefined && (failure?.denied === true || ledger[keyInNamespace(image, namespace)] !== undefined);
}

/** An image that a namespace needs its own inventory of. */
interface NamespacedImage {
  readonly image: string;
  readonly place: ImagePlace;
  readonly namespace: string;
  readonly user: ImageUser;
}

function wantedIn(ledger: ImageLedger, images: ImagePlaces, users: ImageUsers): NamespacedImage[] {
  return [...images].flatMap(([image, place]) =>
    [...(users.get(image) ?? [])]
      .filter(([namespace]) => isWanted(ledger, image, namespace))
      .map(([namespace, user]) => ({ image, place, namespace, user })),
  );
}

/** Returns the namespaces that need their own inventory of an image, if they have opted in. */
export const optInCandidates = (ledger: ImageLedger, images: ImagePlaces, users: ImageUsers): ReadonlySet<string> =>
  new Set(wantedIn(ledger, images, users).map(({ namespace }) => namespace));

/** Returns the keys of all images to scan and keep, with the namespaces of their Jobs. */
export function imageKeys(ledger: ImageLedger, images: ImagePlaces, { users, optedIn }: ImageAccess): ImageKeys {
  const places = new Map(images);
  const blocked = new Set([...images].flatMap(([key, place]) => (isUnpullable(place) && !ledger[key]?.inventory ? [key] : [])));
  for (const { image, place, namespace, user } of wantedIn(ledger, images, users)) {
    const key = keyInNamespace(image, namespace);
    // Findings from a scan with pull secrets are kept. The mode Pull has no credentials, so it takes no new inventory.
    const allowed = optedIn.has(namespace) && place.pull !== true;
    if (!(allowed || ledger[key])) continue;
    places.set(key, { ...place, references: user.references, scanIn: { namespace, pullSecrets: user.pullSecrets } });
    // An existing inventory is kept and matched against new databases. A missing one cannot be taken.
    if (!allowed && ledger[key]?.inventory === undefined) blocked.add(key);
  }
  return { places, blocked };
}

const isUnpullable = ({ image, pull }: ImagePlace): boolean => pull === true && notPullableReason(image) !== undefined;

/** Returns the key of the findings that apply to an image in a namespace. */
export function findingsKey(ledger: ImageLedger, image: string, namespace: string): string {
  const key = keyInNamespace(image, namespace);
  return ledger[image]?.inventory === undefined && ledger[key]?.findings ? key : image;
}

/** Returns the ledger entry that applies to an image in a namespace. If the registry denied the image, the reason says how to fix it. */
export function entryInNamespace(ledger: ImageLedger, access: ImageAccess, image: string, namespace: string): ImageEntry | undefined {
  const everywhere = ledger[image];
  if (!everywhere || everywhere.inventory) return everywhere;
  const own = ledger[keyInNamespace(image, namespace)];
  const { failure, ...rest } = everywhere;
  const findings = own?.findings ?? rest.findings;
  const applied = failureIn(access, { failure, own, namespace, named: access.users.get(image)?.has(namespace) === true });
  return {
    ...rest,
    ...(findings ? { findings } : {}),
    ...(applied ? { failure: applied } : {}),
    ...(own?.waiting ? { waiting: own.waiting } : {}),
  };
}

interface RefusedScan {
  readonly failure: ImageFailure | undefined;
  readonly own: ImageEntry | undefined;
  readonly namespace: string;
  /** Whether workloads in the namespace have pull secrets. */
  readonly named: boolean;
}

function failureIn({ home, optedIn }: ImageAccess, { failure, own, namespace, named }: RefusedScan): ImageFailure | undefined {
  if (own?.inventory) return own.failure;
  const here = own?.failure;
  if (!failure?.denied) return here ?? failure;
  // The first Job in the namespace has not ended yet, so there is no failure.
  if (named && optedIn.has(namespace)) return here;
  return { ...failure, reason: `${failure.reason}; ${named ? optIn(home, namespace) : noSecret(home)}` };
}

const optIn = (home: string, namespace: string): string =>
  `to scan it in this namespace with its pull secrets, run: kubectl -n ${namespace} create rolebinding ${OPT_IN_ROLE} ` +
  `--clusterrole=${OPT_IN_ROLE} --serviceaccount=${home}:${operatorAccount}`;

const noSecret = (home: string): string =>
  `no pod that runs it in this namespace has imagePullSecrets: add a pull secret to the imagePullSecrets of the operator's Deployment in namespace ${home}`;

/**
 * Returns a predicate for Vigil's inventory Jobs in other namespaces. It compares names and labels, which other users could copy, but it
 * only accepts a name while the namespace has no inventory of that image.
 */
export function inventoryJobFilter(ledger: ImageLedger): (target: RecordTarget) => boolean {
  const names = new Set(
    Object.entries(ledger).flatMap(([key, { inventory }]) => (inventory ? [] : [`${namespaceOf(key) ?? ''}/${inventoryJobName(key)}`])),
  );
  return ({ kind, namespace = '', name, labels }) =>
    kind === 'Job' && labels?.[LABELS.part] === PARTS.inventory && names.has(`${namespace}/${name}`);
}
