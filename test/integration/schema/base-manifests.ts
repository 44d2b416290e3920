import { parseAllDocuments } from 'yaml';

const pod =
  '{containers: [{name: a, image: "a:1", resources: {limits: {cpu: 0.5, memory: 2048Mi}}, livenessProbe: {tcpSocket: {port: 80}}}], volumes: [{name: v}, {name: c, configMap: {name: c}}]}';
const template = `{metadata: {labels: {app: a}}, spec: ${pod}}`;
const once = `{metadata: {labels: {app: a}}, spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}`;
const selector = 'selector: {matchLabels: {app: a}}';
const rules = 'rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]';
const webhook = `webhooks: [{name: a.example.org, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: a, namespace: b}}, ${rules}}]`;

/** A valid object of each kind that an administrator can create. */
const documents = `
{apiVersion: v1, kind: Pod, spec: ${pod}}
---
{apiVersion: v1, kind: PodTemplate, template: ${template}}
---
{apiVersion: v1, kind: ReplicationController, spec: {selector: {app: a}, template: ${template}}}
---
{apiVersion: v1, kind: Service, spec: {selector: {app: a}, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: ServiceAccount}
---
{apiVersion: v1, kind: ConfigMap, data: {a: b}}
---
{apiVersion: v1, kind: Secret, data: {a: YQ==}}
---
{apiVersion: v1, kind: Endpoints, subsets: [{addresses: [{ip: 10.1.1.1}], ports: [{port: 80}]}]}
---
{apiVersion: v1, kind: Event, involvedObject: {kind: Pod, name: a, namespace: default}}
---
{apiVersion: v1, kind: LimitRange, spec: {limits: [{type: Container, max: {cpu: 2}}]}}
---
{apiVersion: v1, kind: ResourceQuota, spec: {hard: {cpu: 2000m}}}
---
{apiVersion: v1, kind: PersistentVolumeClaim, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}}
---
{apiVersion: v1, kind: PersistentVolume, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1024Mi}, hostPath: {path: /a}}}
---
{apiVersion: v1, kind: Namespace}
---
{apiVersion: v1, kind: Node}
---
{apiVersion: apps/v1, kind: Deployment, spec: {${selector}, template: ${template}}}
---
{apiVersion: apps/v1, kind: StatefulSet, spec: {serviceName: a, ${selector}, template: ${template}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}
---
{apiVersion: apps/v1, kind: DaemonSet, spec: {${selector}, template: ${template}}}
---
{apiVersion: apps/v1, kind: ReplicaSet, spec: {${selector}, template: ${template}}}
---
{apiVersion: apps/v1, kind: ControllerRevision, revision: 1, data: {a: b}}
---
{apiVersion: batch/v1, kind: Job, spec: {template: ${once}}}
---
{apiVersion: batch/v1, kind: CronJob, spec: {schedule: "* * * * *", jobTemplate: {spec: {template: ${once}}}}}
---
{apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, behavior: {scaleUp: {}}}}
---
{apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 1, ${selector}}}
---
{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}, egress: [{ports: [{port: 80}]}]}}
---
{apiVersion: networking.k8s.io/v1, kind: Ingress, spec: {defaultBackend: {service: {name: a, port: {number: 80}}}}}
---
{apiVersion: networking.k8s.io/v1, kind: IngressClass, spec: {controller: example.org/a}}
---
{apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, spec: {cidrs: [10.97.0.0/24]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, endpoints: [{addresses: [10.1.1.1]}], ports: [{port: 80}]}
---
{apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, roleRef: {kind: Role, name: a}, subjects: [{kind: Group, name: a}, {kind: ServiceAccount, name: a, namespace: b}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, rules: [{verbs: [get], apiGroups: [""], resources: [pods]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, roleRef: {kind: ClusterRole, name: a}, subjects: [{kind: User, name: a}]}
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: example.org/a}
---
{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, spec: {attacher: a, nodeName: a, source: {persistentVolumeName: a}}}
---
{apiVersion: storage.k8s.io/v1, kind: CSIDriver, spec: {}}
---
{apiVersion: storage.k8s.io/v1, kind: CSINode, spec: {drivers: []}}
---
{apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, storageClassName: a, capacity: 1024Mi}
---
{apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, driverName: a, parameters: {a: b}}
---
{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, value: 5}
---
{apiVersion: node.k8s.io/v1, kind: RuntimeClass, handler: a}
---
{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, spec: {group: example.org, scope: Namespaced, names: {kind: Box, plural: boxes}, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}}
---
{apiVersion: apiregistration.k8s.io/v1, kind: APIService, spec: {group: example.org, version: v1, groupPriorityMinimum: 1, versionPriority: 1, service: {name: a, namespace: b}, insecureSkipTLSVerify: true}}
---
{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: FlowSchema, spec: {priorityLevelConfiguration: {name: a}}}
---
{apiVersion: flowcontrol.apiserver.k8s.io/v1, kind: PriorityLevelConfiguration, spec: {type: Limited, limited: {limitResponse: {type: Queue, queuing: {}}}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaim, spec: {devices: {requests: [{name: a, exactly: {deviceClassName: a}}]}}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceClaimTemplate, spec: {spec: {devices: {requests: [{name: a, exactly: {deviceClassName: a}}]}}}}
---
{apiVersion: resource.k8s.io/v1, kind: DeviceClass, spec: {}}
---
{apiVersion: resource.k8s.io/v1, kind: ResourceSlice, spec: {driver: a.example.org, nodeName: a, pool: {name: a, resourceSliceCount: 1}}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, ${webhook}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingWebhookConfiguration, ${webhook}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, spec: {matchConstraints: {resourceRules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]}, validations: [{expression: "true"}]}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicyBinding, spec: {policyName: a, validationActions: [Deny]}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingAdmissionPolicy, spec: {reinvocationPolicy: Never, matchConstraints: {resourceRules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]}, mutations: [{patchType: JSONPatch, jsonPatch: {expression: '[JSONPatch{op: \"add\", path: \"/metadata/labels/a\", value: \"b\"}]'}}]}}
---
{apiVersion: admissionregistration.k8s.io/v1, kind: MutatingAdmissionPolicyBinding, spec: {policyName: a}}
`;

/** Names that the server asks of some kinds. */
const names: Readonly<Record<string, string>> = { CustomResourceDefinition: 'boxes.example.org', APIService: 'v1.example.org' };

/** Valid objects, one for each kind. */
export const baseManifests: readonly Record<string, unknown>[] = parseAllDocuments(documents).map((document) => {
  const object = document.toJS() as Record<string, unknown>;
  return { ...object, metadata: { name: names[String(object['kind'])] ?? 'vigil-parity' } };
});
