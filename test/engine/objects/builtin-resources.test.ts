import { expect } from 'chai';
import { apiVersionOf } from '../../../operator/api/api-resource.ts';
import { builtinResources, pluralOf } from '../../../operator/engine/objects/builtin-resources.ts';

describe('the built-in resources', () => {
  /** As `kubectl api-resources` lists them. */
  const rows: readonly (readonly [versionAndScope: string, kinds: string])[] = [
    ['v1 Namespaced', 'Pod=pods ReplicationController=replicationcontrollers Service=services ServiceAccount=serviceaccounts ConfigMap=configmaps Secret=secrets Endpoints=endpoints Event=events LimitRange=limitranges ResourceQuota=resourcequotas PersistentVolumeClaim=persistentvolumeclaims PodTemplate=podtemplates Binding=bindings'],
    ['v1 Cluster', 'Namespace=namespaces Node=nodes PersistentVolume=persistentvolumes ComponentStatus=componentstatuses'],
    ['apps/v1 Namespaced', 'Deployment=deployments StatefulSet=statefulsets DaemonSet=daemonsets ReplicaSet=replicasets ControllerRevision=controllerrevisions'],
    ['batch/v1 Namespaced', 'Job=jobs CronJob=cronjobs'],
    ['autoscaling/v2 Namespaced', 'HorizontalPodAutoscaler=horizontalpodautoscalers'],
    ['autoscaling/v1 Namespaced', 'HorizontalPodAutoscaler=horizontalpodautoscalers'],
    ['policy/v1 Namespaced', 'PodDisruptionBudget=poddisruptionbudgets'],
    ['networking.k8s.io/v1 Namespaced', 'NetworkPolicy=networkpolicies Ingress=ingresses'],
    ['networking.k8s.io/v1 Cluster', 'IngressClass=ingressclasses IPAddress=ipaddresses ServiceCIDR=servicecidrs'],
    ['discovery.k8s.io/v1 Namespaced', 'EndpointSlice=endpointslices'],
    ['events.k8s.io/v1 Namespaced', 'Event=events'],
    ['coordination.k8s.io/v1 Namespaced', 'Lease=leases'],
    ['rbac.authorization.k8s.io/v1 Namespaced', 'Role=roles RoleBinding=rolebindings'],
    ['rbac.authorization.k8s.io/v1 Cluster', 'ClusterRole=clusterroles ClusterRoleBinding=clusterrolebindings'],
    ['storage.k8s.io/v1 Cluster', 'StorageClass=storageclasses VolumeAttachment=volumeattachments CSIDriver=csidrivers CSINode=csinodes VolumeAttributesClass=volumeattributesclasses'],
    ['storage.k8s.io/v1 Namespaced', 'CSIStorageCapacity=csistoragecapacities'],
    ['scheduling.k8s.io/v1 Cluster', 'PriorityClass=priorityclasses'],
    ['node.k8s.io/v1 Cluster', 'RuntimeClass=runtimeclasses'],
    ['apiextensions.k8s.io/v1 Cluster', 'CustomResourceDefinition=customresourcedefinitions'],
    ['apiregistration.k8s.io/v1 Cluster', 'APIService=apiservices'],
    ['certificates.k8s.io/v1 Cluster', 'CertificateSigningRequest=certificatesigningrequests'],
    ['flowcontrol.apiserver.k8s.io/v1 Cluster', 'FlowSchema=flowschemas PriorityLevelConfiguration=prioritylevelconfigurations'],
    ['resource.k8s.io/v1 Namespaced', 'ResourceClaim=resourceclaims ResourceClaimTemplate=resourceclaimtemplates'],
    ['resource.k8s.io/v1 Cluster', 'DeviceClass=deviceclasses ResourceSlice=resourceslices'],
    ['admissionregistration.k8s.io/v1 Cluster', 'ValidatingWebhookConfiguration=validatingwebhookconfigurations MutatingWebhookConfiguration=mutatingwebhookconfigurations ValidatingAdmissionPolicy=validatingadmissionpolicies ValidatingAdmissionPolicyBinding=validatingadmissionpolicybindings MutatingAdmissionPolicy=mutatingadmissionpolicies MutatingAdmissionPolicyBinding=mutatingadmissionpolicybindings'],
  ]; // prettier-ignore
  for (const [versionAndScope, kinds] of rows)
    it(`of ${versionAndScope} have the kinds and plurals of the API`, () => {
      const found = builtinResources.filter(
        (each) => `${apiVersionOf(each)} ${each.namespaced ? 'Namespaced' : 'Cluster'}` === versionAndScope,
      );
      expect(found.map(({ kind, resource }) => `${kind}=${resource}`).join(' ')).to.equal(kinds);
    });

  it('are all in the table', () => {
    expect(rows.flatMap(([, kinds]) => kinds.split(' '))).to.have.length(builtinResources.length);
  });

  it('put the preferred version first', () => {
    expect(builtinResources.filter(({ kind }) => kind === 'HorizontalPodAutoscaler').map(({ version }) => version)).to.deep.equal([
      'v2',
      'v1',
    ]);
  });
});

describe('pluralOf', () => {
  const rows = { Pod: 'pods', Ingress: 'ingresses', Policy: 'policies', Gateway: 'gateways', Box: 'boxes', Quiz: 'quizes', Batch: 'batches', Mesh: 'meshes', Key: 'keys' }; // prettier-ignore
  for (const [kind, plural] of Object.entries(rows)) it(`of ${kind} is ${plural}`, () => expect(pluralOf(kind)).to.equal(plural));
});
