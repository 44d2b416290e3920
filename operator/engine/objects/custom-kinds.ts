/** Whether the pods of a kind are long-running, or terminate as those of a Job do. */
export type WorkloadRole = 'longRunning' | 'finite';

/** A custom kind whose pod templates are known. */
export interface CustomKind {
  readonly role: WorkloadRole;
  /** The paths of its pod templates. `[]` after a name: of each item of a list or map. A path to `spec` of the object is empty. */
  readonly templates: readonly string[];
}

type Row = readonly [group: string, kinds: string, role: WorkloadRole, ...templates: string[]];

const rayCluster = (path: string): readonly string[] => [`${path}.headGroupSpec.template`, `${path}.workerGroupSpecs[].template`];

/** From the CustomResourceDefinitions of the projects. Their controllers make pods of these templates. */
const rows: readonly Row[] = [
  ['argoproj.io', 'Rollout', 'longRunning', 'spec.template'],
  ['serving.knative.dev', 'Service Configuration', 'longRunning', 'spec.template'],
  ['serving.knative.dev', 'Revision', 'longRunning', ''],
  ['apps.openshift.io', 'DeploymentConfig', 'longRunning', 'spec.template'],
  ['jobset.x-k8s.io', 'JobSet', 'finite', 'spec.replicatedJobs[].template.spec.template'],
  [
    'leaderworkerset.x-k8s.io',
    'LeaderWorkerSet',
    'longRunning',
    'spec.leaderWorkerTemplate.leaderTemplate',
    'spec.leaderWorkerTemplate.workerTemplate',
  ],
  ['ray.io', 'RayCluster', 'longRunning', ...rayCluster('spec')],
  ['ray.io', 'RayService', 'longRunning', ...rayCluster('spec.rayClusterConfig')],
  ['ray.io', 'RayJob', 'finite', ...rayCluster('spec.rayClusterSpec'), 'spec.submitterPodTemplate'],
  ['apps.kruise.io', 'CloneSet StatefulSet DaemonSet', 'longRunning', 'spec.template'],
  ['apps.kruise.io', 'BroadcastJob', 'finite', 'spec.template'],
  [
    'apps.kruise.io',
    'AdvancedCronJob',
    'finite',
    'spec.template.jobTemplate.spec.template',
    'spec.template.broadcastJobTemplate.spec.template',
  ],
  ['batch.volcano.sh', 'Job', 'finite', 'spec.tasks[].template'],
  ['kubeflow.org', 'TFJob', 'finite', 'spec.tfReplicaSpecs[].template'],
  ['kubeflow.org', 'PyTorchJob', 'finite', 'spec.pytorchReplicaSpecs[].template'],
  ['kubeflow.org', 'MPIJob', 'finite', 'spec.mpiReplicaSpecs[].template'],
  ['kubeflow.org', 'XGBoostJob', 'finite', 'spec.xgbReplicaSpecs[].template'],
  ['kubeflow.org', 'PaddleJob', 'finite', 'spec.paddleReplicaSpecs[].template'],
  ['kubeflow.org', 'JAXJob', 'finite', 'spec.jaxReplicaSpecs[].template'],
  ['kubeflow.org', 'Notebook', 'longRunning', 'spec.template'],
  ['keda.sh', 'ScaledJob', 'finite', 'spec.jobTargetRef.template'],
  ['agones.dev', 'GameServer', 'longRunning', 'spec.template'],
  ['agones.dev', 'Fleet GameServerSet', 'longRunning', 'spec.template.spec.template'],
];

/** The kinds of workflows of Argo, whose templates are no pod templates, with the path of their specification. */
export const workflowKinds: ReadonlyMap<string, string> = new Map([
  ...['Workflow', 'WorkflowTemplate', 'ClusterWorkflowTemplate'].map((kind) => [`${kind}.argoproj.io`, 'spec'] as const),
  ['CronWorkflow.argoproj.io', 'spec.workflowSpec'],
]);

/** The custom kinds whose pod templates are known, by `Kind.group`. */
export const knownKinds: ReadonlyMap<string, CustomKind> = new Map([
  ...rows.flatMap(([group, kinds, role, ...templates]) =>
    kinds.split(' ').map((kind) => [`${kind}.${group}`, { role, templates }] as const),
  ),
  ...[...workflowKinds.keys()].map((kind): [string, CustomKind] => [kind, { role: 'finite', templates: [] }]),
]);

/** The custom kinds whose pod templates are at known paths, as `Kind.group`. */
export const customWorkloadKinds: readonly string[] = [...knownKinds.keys()];

/** Whether the pods of a known custom kind are long-running. Undefined for other kinds. */
export const customRoleOf = (groupKind: string): WorkloadRole | undefined => knownKinds.get(groupKind)?.role;

/** Why the pods of a kind cannot be evaluated. */
interface HiddenPods {
  readonly reason: string;
  /** Whether the controller applies objects of any kind and name, such as those of a chart. */
  readonly appliesObjects: boolean;
}

type HiddenRow = readonly [hidden: HiddenPods, group: string, kinds: string];

const because = (reason: string): HiddenPods => ({ reason, appliesObjects: false });
const applies = (reason: string): HiddenPods => ({ reason, appliesObjects: true });
const notWritten = (owner: string): HiddenPods => because(`${owner} makes pods that are not written in the object`);
const overrides = (owner: string): HiddenPods => because(`${owner} makes pods of which the object has only a part`);
const rendered = (owner: string): HiddenPods =>
  applies(`${owner} applies objects that are not written in the object: scan what it renders`);
const inside = applies('the objects inside of it are not evaluated');
const changesOthers = because('it changes the pods of other objects when they are created');

/** Kinds whose pods cannot be evaluated by the object, and why. `*`: all kinds of the group. */
const hiddenRows: readonly HiddenRow[] = [
  [overrides('Strimzi'), 'kafka.strimzi.io', 'Kafka KafkaConnect KafkaBridge KafkaMirrorMaker KafkaMirrorMaker2 KafkaNodePool'],
  [overrides('the Prometheus Operator'), 'monitoring.coreos.com', 'Prometheus PrometheusAgent Alertmanager ThanosRuler'],
  [overrides('Argo'), 'argoproj.io', 'Sensor EventSource'],
  [notWritten('Argo'), 'argoproj.io', 'EventBus ArgoCD'],
  [rendered('Argo CD'), 'argoproj.io', 'Application ApplicationSet'],
  [overrides('Tekton'), 'tekton.dev', 'Task ClusterTask TaskRun Pipeline PipelineRun StepAction CustomRun'],
  [overrides('the Spark operator'), 'sparkoperator.k8s.io', 'SparkApplication ScheduledSparkApplication SparkConnect'],
  [overrides('the Spark operator'), 'spark.apache.org', 'SparkApplication SparkCluster'],
  [overrides('the Flink operator'), 'flink.apache.org', 'FlinkDeployment FlinkSessionJob'],
  [notWritten('KubeVirt'), 'kubevirt.io', 'VirtualMachine VirtualMachineInstance VirtualMachineInstanceReplicaSet'],
  [notWritten('KubeVirt'), 'pool.kubevirt.io', 'VirtualMachinePool'],
  [notWritten('CloudNativePG'), 'postgresql.cnpg.io', 'Cluster Pooler'],
  [notWritten('the Postgres Operator'), 'acid.zalan.do', 'postgresql'],
  [notWritten('the Postgres Operator'), 'postgres-operator.crunchydata.com', 'PostgresCluster PGAdmin PGUpgrade'],
  [notWritten('the MySQL Operator'), 'mysql.oracle.com', 'InnoDBCluster'],
  [notWritten('the Percona operator'), 'pxc.percona.com', '*'],
  [notWritten('the Percona operator'), 'psmdb.percona.com', '*'],
  [notWritten('the Percona operator'), 'pgv2.percona.com', '*'],
  [overrides('the RabbitMQ operator'), 'rabbitmq.com', 'RabbitmqCluster'],
  [overrides('the MongoDB operator'), 'mongodbcommunity.mongodb.com', '*'],
  [overrides('the MongoDB operator'), 'mongodb.com', 'MongoDB MongoDBOpsManager'],
  [overrides('cass-operator'), 'cassandra.datastax.com', 'CassandraDatacenter'],
  [notWritten('the Redis operator'), 'databases.spotahome.com', 'RedisFailover'],
  [notWritten('MinIO'), 'minio.min.io', 'Tenant'],
  [notWritten('Rook'), 'ceph.rook.io', 'CephCluster CephFilesystem CephObjectStore CephNFS'],
  [notWritten('the VictoriaMetrics operator'), 'operator.victoriametrics.com', 'VMCluster VMSingle VMAgent VMAlert VMAlertmanager VMAuth VLogs VLSingle VLCluster VLAgent VTSingle VTCluster'],
  [notWritten('the OpenTelemetry operator'), 'opentelemetry.io', 'OpenTelemetryCollector TargetAllocator OpAMPBridge'],
  [changesOthers, 'opentelemetry.io', 'Instrumentation'],
  [notWritten('the Jaeger operator'), 'jaegertracing.io', 'Jaeger'],
  [notWritten('KServe'), 'serving.kserve.io', 'InferenceService ServingRuntime ClusterServingRuntime InferenceGraph LLMInferenceService'],
  [overrides('Kubeflow'), 'trainer.kubeflow.org', 'TrainJob'],
  [changesOthers, 'kubeflow.org', 'PodDefault'],
  [changesOthers, 'apps.kruise.io', 'SidecarSet WorkloadSpread'],
  [overrides('the runner controller'), 'actions.summerwind.dev', 'Runner RunnerDeployment RunnerReplicaSet RunnerSet'],
  [notWritten('OpenShift'), 'build.openshift.io', 'Build BuildConfig'],
  [notWritten('Shipwright'), 'shipwright.io', 'Build BuildRun BuildStrategy ClusterBuildStrategy'],
  [notWritten('the GPU operator'), 'nvidia.com', 'ClusterPolicy NVIDIADriver'],
  [notWritten('the Tigera operator'), 'operator.tigera.io', 'Installation APIServer Goldmane Whisker'],
  [notWritten('Istio'), 'install.istio.io', 'IstioOperator'],
  [notWritten('Istio'), 'sailoperator.io', 'Istio IstioCNI ZTunnel'],
  [notWritten('Knative'), 'operator.knative.dev', 'KnativeServing KnativeEventing'],
  [rendered('Flux'), 'helm.toolkit.fluxcd.io', 'HelmRelease'],
  [rendered('Flux'), 'kustomize.toolkit.fluxcd.io', 'Kustomization'],
  [rendered('the Helm controller'), 'helm.cattle.io', 'HelmChart HelmChartConfig'],
  [rendered('Fleet'), 'fleet.cattle.io', 'GitRepo Bundle HelmOp'],
  [rendered('Operator Lifecycle Manager'), 'operators.coreos.com', 'Subscription'],
  [rendered('KubeVela'), 'core.oam.dev', 'Application'],
  [inside, 'kubernetes.crossplane.io', 'Object'],
  [rendered('Crossplane'), 'helm.crossplane.io', 'Release'],
  [inside, 'work.open-cluster-management.io', 'ManifestWork'],
  [inside, 'template.openshift.io', 'Template'],
  [inside, 'hive.openshift.io', 'SyncSet SelectorSyncSet'],
]; // prettier-ignore

/** The groups of operators whose kinds have pods. */
export const operatorGroups: readonly string[] = [...new Set([...rows.map(([group]) => group), ...hiddenRows.map(([, group]) => group)])];

const hidden: ReadonlyMap<string, HiddenPods> = new Map(
  hiddenRows.flatMap(([pods, group, kinds]) => kinds.split(' ').map((kind) => [`${kind}.${group}`, pods] as const)),
);

const hiddenOf = (groupKind: string): HiddenPods | undefined =>
  hidden.get(groupKind) ?? hidden.get(`*${groupKind.slice(groupKind.indexOf('.'))}`);

/** Whether the controller of a kind applies objects of any kind and name, such as those of a chart. */
export const appliesObjects = (groupKind: string): boolean => hiddenOf(groupKind)?.appliesObjects === true;

/** Why the pods of a kind cannot be evaluated, although its controller makes or changes pods. Undefined for other kinds. */
export const hiddenPodsOf = (groupKind: string): string | undefined => hiddenOf(groupKind)?.reason;
