import { apiVersionOf, type ApiResource } from '../../../operator/api/api-resource.ts';
import { catalogue } from '../../../operator/catalogue/controls/catalogue.ts';
import { builtinResources } from '../../../operator/engine/objects/builtin-resources.ts';
import { documentsOf, isWholeObject, readTables, templateOf } from '../../catalogue/controls/control-table.ts';

type Fields = Record<string, unknown>;

/** An object of the corpus, and the control whose table has it. */
export interface Sample {
  readonly control: string;
  readonly title: string;
  readonly resource: ApiResource;
  readonly make: (name: string, namespace: string) => Fields;
}

const tables = await readTables();

/** The controls that the API server can evaluate, in the order of the catalogue. */
export const enforceable = catalogue.filter(
  ({ checks, enforced, aboutSystemNamespaces }) => (checks ?? enforced) !== undefined && aboutSystemNamespaces !== true,
);

/** The controls of which the API server evaluates a part. It may let pass what fails them. */
export const enforcedInPart: ReadonlySet<string> = new Set(
  enforceable.filter(({ enforced }) => enforced !== undefined).map(({ id }) => id),
);

const selected = { run: 'parity' };
const hardened = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: 20_000,
  runAsGroup: 20_000,
  capabilities: { drop: ['ALL'] },
};
const quantities = { cpu: '1', memory: '1Gi' };
const probe = { exec: { command: ['true'] } };

/** A container that passes the checks of containers. */
const goodContainer = {
  name: 'app',
  image: `registry.example.com/app:1.2.3@sha256:${'0123456789abcdef'.repeat(4)}`,
  securityContext: hardened,
  resources: { limits: quantities, requests: quantities },
  livenessProbe: probe,
  readinessProbe: probe,
};

/** A pod spec that passes every check of a pod template. */
export const goodPod: Fields = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [goodContainer],
};

const named = (list: unknown, prefix: string, rest: Fields): unknown =>
  Array.isArray(list) ? list.map((item: Fields, index) => ({ ...rest, name: `${prefix}${index}`, ...item })) : list;

/** Adds what the API server requires: containers with a name and an image, and no ephemeral containers. */
function validSpec({ ephemeralContainers: _ephemeral, ...spec }: Fields, restartPolicy: string | undefined): Fields {
  const image = { image: 'registry.example.com/app:1' };
  return {
    ...spec,
    ...('initContainers' in spec ? { initContainers: named(spec['initContainers'], 'i', image) } : {}),
    containers: named(spec['containers'] ?? [{}], 'c', image),
    ...('volumes' in spec ? { volumes: named(spec['volumes'], 'v', {}) } : {}),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}

/** A kind with a pod template, and how its spec holds the template. */
export interface WorkloadKind {
  readonly resource: ApiResource;
  readonly wrap: (template: Fields) => Fields;
}

const resourceOf = (kind: string): ApiResource => {
  const found = builtinResources.find((resource) => resource.kind === kind);
  if (found === undefined) throw new Error(kind);
  return found;
};
const replicated = (template: Fields): Fields => ({ spec: { replicas: 0, selector: { matchLabels: selected }, template } });
const finite = (template: Fields): Fields => ({ spec: { suspend: true, template } });

/** All kinds with a pod template, and Pod. */
export const workloadKinds: readonly WorkloadKind[] = [
  { resource: resourceOf('Pod'), wrap: ({ spec }) => ({ spec }) },
  { resource: resourceOf('PodTemplate'), wrap: (template) => ({ template }) },
  { resource: resourceOf('ReplicationController'), wrap: (template) => ({ spec: { replicas: 0, selector: selected, template } }) },
  ...['Deployment', 'ReplicaSet'].map((kind) => ({ resource: resourceOf(kind), wrap: replicated })),
  {
    resource: resourceOf('StatefulSet'),
    wrap: (template) => ({ spec: { ...(replicated(template)['spec'] as Fields), serviceName: 's' } }),
  },
  { resource: resourceOf('DaemonSet'), wrap: (template) => ({ spec: { selector: { matchLabels: selected }, template } }) },
  { resource: resourceOf('Job'), wrap: finite },
  {
    resource: resourceOf('CronJob'),
    wrap: (template) => ({ spec: { schedule: '0 0 1 1 *', suspend: true, jobTemplate: finite(template) } }),
  },
];

/** Returns an object of a kind with a pod template. */
export function workloadOf({ resource, wrap }: WorkloadKind, { metadata, spec }: { metadata?: Fields; spec: Fields }, at: Fields): Fields {
  const isFinite = resource.kind === 'Job' || resource.kind === 'CronJob';
  const labels = { ...(metadata?.['labels'] as Fields | undefined), ...selected };
  const template = { metadata: { ...metadata, labels }, spec: validSpec(structuredClone(spec), isFinite ? 'Never' : undefined) };
  const ofPod = resource.kind === 'Pod' ? template.metadata : {};
  return { apiVersion: apiVersionOf(resource), kind: resource.kind, metadata: { ...ofPod, ...at }, ...wrap(template) };
}

/** The pod specs of the tables of all enforceable controls. */
export function podRows(): readonly {
  readonly control: string;
  readonly title: string;
  readonly template: { metadata?: Fields; spec: Fields };
}[] {
  return enforceable.flatMap(({ id }) => {
    const table = tables.get(id);
    if (table === undefined || table.about === 'objects') return [];
    return table.rows
      .filter((row) => !isWholeObject(row))
      .map(({ title, yaml }) => ({ control: id, title, template: templateOf(yaml) as never }));
  });
}

/** The whole objects of the tables of all enforceable controls, without custom resources. */
export function objectRows(): readonly Sample[] {
  return enforceable.flatMap(({ id }) => {
    const table = tables.get(id);
    if (table?.about !== 'objects') return [];
    return table.rows.flatMap(({ title, yaml }): readonly Sample[] => {
      const [object = {}] = documentsOf(yaml);
      const resource = builtinResources.find((one) => apiVersionOf(one) === object['apiVersion'] && one.kind === object['kind']);
      if (resource === undefined) return [];
      const make = (name: string, namespace: string): Fields => ({
        ...structuredClone(object),
        metadata: {
          ...(object['metadata'] as Fields | undefined),
          ...withName(resource, object, name),
          ...(resource.namespaced ? { namespace } : { namespace: undefined }),
        },
      });
      return [{ control: id, title, resource, make }];
    });
  });
}

/** Rows about a name, such as that of the default ServiceAccount, keep it. */
const withName = ({ kind }: ApiResource, { metadata }: Fields, name: string): Fields =>
  kind === 'ServiceAccount' || kind === 'Namespace' ? { name: (metadata as Fields | undefined)?.['name'] ?? name } : { name };
