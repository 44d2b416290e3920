/** One resource of the API server, with the names that discovery returns. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  /** The plural name in request paths, such as deployments. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Whether a CustomResourceDefinition among the files has a schema of its objects. */
  readonly hasSchema?: true;
}

/** Returns `group/version`, or the version alone for the core group. */
export const apiVersionOf = ({ group, version }: Pick<ApiResource, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

type Names = readonly [resource: string, kind: string];
const inGroup =
  (group: string, version: string) =>
  ([resource, kind]: Names, namespaced = true): ApiResource => ({ group, version, resource, kind, namespaced });
const core = inGroup('', 'v1');
const own = inGroup('vigil.dev', 'v1alpha1');
const admission = inGroup('admissionregistration.k8s.io', 'v1');
const report = inGroup('wgpolicyk8s.io', 'v1alpha2');

/** The resources that Vigil itself reads and writes. */
export const RESOURCES = {
  policies: own(['securitypolicies', 'SecurityPolicy'], false),
  schedules: own(['scanschedules', 'ScanSchedule'], false),
  scans: own(['scans', 'Scan'], false),
  exceptions: own(['securityexceptions', 'SecurityException']),
  clusterExceptions: own(['clustersecurityexceptions', 'ClusterSecurityException'], false),
  imageApprovals: own(['imageapprovals', 'ImageApproval'], false),
  admissionParameters: own(['admissionparameters', 'AdmissionParameters'], false),
  admissionPolicies: admission(['validatingadmissionpolicies', 'ValidatingAdmissionPolicy'], false),
  admissionBindings: admission(['validatingadmissionpolicybindings', 'ValidatingAdmissionPolicyBinding'], false),
  reports: report(['policyreports', 'PolicyReport']),
  clusterReports: report(['clusterpolicyreports', 'ClusterPolicyReport'], false),
  jobs: inGroup('batch', 'v1')(['jobs', 'Job']),
  pods: core(['pods', 'Pod']),
  configMaps: core(['configmaps', 'ConfigMap']),
  namespaces: core(['namespaces', 'Namespace'], false),
  nodes: core(['nodes', 'Node'], false),
  events: core(['events', 'Event']),
  leases: inGroup('coordination.k8s.io', 'v1')(['leases', 'Lease']),
  endpointSlices: inGroup('discovery.k8s.io', 'v1')(['endpointslices', 'EndpointSlice']),
} as const;
