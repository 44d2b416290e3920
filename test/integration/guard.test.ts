import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { scanJob } from '../../operator/scans/attempts/scan-job.ts';
import { kubectl } from './cluster-access.ts';
import { inventoryJob } from '../../operator/images/jobs/inventory-job.ts';
import { matchingJob } from '../../operator/images/jobs/matching-job.ts';

type Fields = Record<string, unknown>;
interface Job {
  metadata: Fields;
  spec: { template: { spec: { containers: Fields[]; volumes: Fields[]; [field: string]: unknown } } };
}

describe('the guard over the operator', function () {
  this.timeout(60_000);
  const account = 'system:serviceaccount:vigil-system:vigil-operator';
  const settings = {
    namespace: 'vigil-system',
    image: 'vigil.dev/vigil:dev',
    imagePullPolicy: 'IfNotPresent',
    imagePullSecrets: [],
    scanner: 'ghcr.io/aquasecurity/trivy:0.70.0',
  } as const;
  const image = { digest: `sha256:${'a'.repeat(64)}`, reference: 'registry.example/a:1' };
  // The placement of the operator's pod.
  const placement = {
    nodeSelector: { pool: 'security' },
    tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
    affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { a: 'b' } } },
    ],
    priorityClassName: 'system-cluster-critical',
  };
  const placed = (): Job => structuredClone(inventoryJob({ ...settings, placement }, { image, node: 'n' })) as unknown as Job;
  const inventory = (): Job => structuredClone(inventoryJob(settings, { image, node: 'n' })) as unknown as Job;
  const pulling = (): Job =>
    structuredClone(inventoryJob(settings, { image: { ...image, platform: 'linux/arm64' }, pull: true })) as unknown as Job;
  // The Job in a namespace that opted in.
  const away = (): Job =>
    structuredClone(
      inventoryJob(settings, { image, node: 'n', scanIn: { namespace: 'default', pullSecrets: ['registry'] } }),
    ) as unknown as Job;
  const withIndex = { ...settings, javaIndex: 'registry.example/java-index:1' };
  const indexed = (): Job => structuredClone(inventoryJob(withIndex, { image })) as unknown as Job;
  const indexedAway = (javaIndex = withIndex.javaIndex): Job =>
    structuredClone(
      inventoryJob({ ...settings, javaIndex }, { image, scanIn: { namespace: 'default', pullSecrets: ['registry'] } }),
    ) as unknown as Job;
  const matching = (): Job =>
    structuredClone(matchingJob(settings, { database: { image: 'd:1' }, images: [image.digest], configMaps: ['c'] })) as unknown as Job;
  const fetching = (): Job =>
    structuredClone(
      matchingJob(settings, { database: { repository: 'r/db:2' }, images: [image.digest], configMaps: ['c'] }),
    ) as unknown as Job;
  const copying = (): Job =>
    structuredClone(
      matchingJob(settings, { database: { repository: 'r/db:2' }, images: [image.digest], configMaps: ['c'], pull: true }),
    ) as unknown as Job;
  const scanning = (): Job =>
    structuredClone(
      scanJob({
        ...settings,
        scan: { name: 's', uid: 'u' },
        attempt: 1,
        shards: 2,
        serviceAccount: 'vigil-scanner',
        configMaps: ['c'],
        template: {},
        placement,
        memoryFactor: 1,
        deadlineFactor: 1,
      }),
    ) as unknown as Job;

  /** Creates an object as the operator, with a server-side dry run. Returns the refusal, or the empty text. */
  function refusal(object: unknown, verb = 'create', as = account): string {
    try {
      kubectl([verb, '--dry-run=server', '--as', as, '-f', '-'], JSON.stringify(object));
      return '';
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  }
  function changed(make: () => Job, change: (spec: Job['spec']['template']['spec'], job: Job) => void): Job {
    const job = make();
    change(job.spec.template.spec, job);
    return job;
  }
  const first = (spec: Job['spec']['template']['spec']): Fields => spec.containers[0] ?? {};
  const second = (spec: Job['spec']['template']['spec']): Fields => (spec['initContainers'] as Fields[])[1] ?? {};
  // The pod of a Job of Vigil without the Job: it meets Pod Security.
  const plainPod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'vigil-system' },
    spec: inventory().spec.template.spec,
  };

  before(async () => {
    kubectl(['apply', '--server-side', '-f', 'config/base/namespace.yaml', '-f', 'config/base/rbac.yaml']);
    const guard = readFileSync('config/components/guard/guard.yaml', 'utf8');
    const named = guard.replace(`expression: "''"`, `expression: "'${withIndex.javaIndex}'"`);
    expect(named).not.to.equal(guard);
    kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], named);
    // Grants the operator all permissions: the guard still allows only its Jobs.
    kubectl(['create', 'clusterrolebinding', 'guard-test', '--clusterrole=cluster-admin', `--user=${account}`]);
    for (let tries = 0; refusal(plainPod) === '' || !refusal(plainPod).includes('vigil-guard'); tries++) {
      if (tries > 50) throw new Error(`the guard is not in force: ${refusal(plainPod)}`);
      await sleep(200);
    }
  });
  after(() => {
    kubectl(['delete', 'clusterrolebinding', 'guard-test', '--ignore-not-found']);
    kubectl(['delete', '-f', 'config/components/guard/guard.yaml', '--ignore-not-found']);
  });

  for (const [what, make] of [
    ['an inventory', inventory],
    ['an inventory that the scanner pulls', pulling],
    ['an inventory with the pull secrets of another namespace', away],
    ['an inventory with an index of Java archives', indexed],
    ['an inventory with both', indexedAway],
    ['an inventory that is placed as the operator is', placed],
    ['matching', matching],
    ['matching with a database that it fetches', fetching],
    ['matching without image volumes', copying],
    ['a scan', scanning],
  ] as const) {
    it(`allows the Job for ${what}`, () => expect(refusal(make())).to.equal(''));
  }

  describe('of an operator in another namespace', () => {
    const elsewhere = 'system:serviceaccount:guard-audit:vigil-operator';
    const moved = (job: Job): Job => ({ ...job, metadata: { ...job.metadata, namespace: 'guard-audit' } });
    before(() => {
      kubectl(['create', 'namespace', 'guard-audit']);
      kubectl(['create', 'clusterrolebinding', 'guard-audit', '--clusterrole=cluster-admin', `--user=${elsewhere}`]);
    });
    after(() => {
      kubectl(['delete', 'clusterrolebinding', 'guard-audit', '--ignore-not-found']);
      kubectl(['delete', 'namespace', 'guard-audit', '--ignore-not-found', '--wait=false']);
    });

    it('allows its Jobs in that namespace', () => {
      for (const make of [scanning, inventory, matching]) expect(refusal(moved(make()), 'create', elsewhere)).to.equal('');
    });
    it('refuses its Jobs in vigil-system, and those of the operator of vigil-system in that namespace', () => {
      const message = 'the operator may create only inventory Jobs in other namespaces';
      expect(refusal(scanning(), 'create', elsewhere)).to.include(message);
      expect(refusal(moved(scanning()))).to.include(message);
    });
    it('refuses other workloads and other images in that namespace', () => {
      const pod = { ...plainPod, metadata: { name: 'p', namespace: 'guard-audit' } };
      expect(refusal(pod, 'create', elsewhere)).to.include('the operator may create Jobs and no other kind of workload');
      const other = changed(scanning, (spec) => (first(spec)['image'] = 'example.com/other:1'));
      expect(refusal(moved(other), 'create', elsewhere)).to.include('a container may use only the images of Vigil and the scanner');
    });
  });

  const volume = (source: Fields): Job => changed(inventory, (spec) => spec.volumes.push({ name: 'more', ...source }));
  const ways: readonly (readonly [what: string, object: unknown])[] = [
    ['a Secret as a volume', volume({ secret: { secretName: 's' } })],
    ['a projected Secret', volume({ projected: { sources: [{ secret: { name: 's' } }] } })],
    ['a projected token', volume({ projected: { sources: [{ serviceAccountToken: { path: 't' } }] } })],
    ['a hostPath volume', volume({ hostPath: { path: '/' } })],
    ['a csi volume', volume({ csi: { driver: 'secrets-store.csi.k8s.io' } })],
    [
      'an ephemeral volume',
      volume({
        ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } } } },
      }),
    ],
    ['a PersistentVolumeClaim', volume({ persistentVolumeClaim: { claimName: 'c' } })],
    ['an emptyDir without a sizeLimit', volume({ emptyDir: {} })],
    [
      'a subPath of a volume',
      changed(inventory, (spec) => (first(spec)['volumeMounts'] = [{ name: 'work', mountPath: '/w', subPath: 'x' }])),
    ],
    ['environment from a Secret', changed(inventory, (spec) => (first(spec)['envFrom'] = [{ secretRef: { name: 's' } }]))],
    [
      'a variable from a Secret',
      changed(inventory, (spec) => (first(spec)['env'] = [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }])),
    ],
    ['another account', changed(scanning, (spec) => (spec['serviceAccountName'] = 'vigil-operator'))],
    ['a token beside an image', changed(inventory, (spec) => (spec['automountServiceAccountToken'] = true))],
    ['a token for the scanner', changed(scanning, (spec) => (first(spec)['image'] = settings.scanner))],
    ['another image', changed(inventory, (spec) => (first(spec)['image'] = 'example.com/other:1'))],
    ['one more container', changed(inventory, (spec) => spec.containers.push({ ...first(spec), name: 'b', image: 'example.com/other:1' }))],
    [
      'an init container',
      changed(scanning, (spec) => (spec['initContainers'] = [{ ...first(spec), name: 'b', image: 'example.com/other:1' }])),
    ],
    [
      'credentials for a scanner that pulls',
      changed(pulling, (spec) => spec.volumes.push({ name: 'docker', secret: { secretName: 'registry' } })),
    ],
    [
      'a password for a scanner that pulls',
      changed(
        pulling,
        (spec) => (second(spec)['env'] = [{ name: 'TRIVY_PASSWORD', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }]),
      ),
    ],
    ['a token for a scanner that pulls', changed(pulling, (spec) => (spec['automountServiceAccountToken'] = true))],
    ['hostNetwork', changed(inventory, (spec) => Object.assign(spec, { hostNetwork: true, hostUsers: true }))],
    [
      'privilege escalation in a container',
      changed(inventory, (spec) => (first(spec)['securityContext'] = { allowPrivilegeEscalation: true })),
    ],
    [
      'a CronJob',
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: plainPod.metadata,
        spec: { schedule: '@daily', jobTemplate: { spec: inventory().spec } },
      },
    ],
    ['a Pod', plainPod],
    [
      'a Deployment',
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: plainPod.metadata,
        spec: {
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: settings.image }] } },
        },
      },
    ],
  ];
  const awayWith = (change: Parameters<typeof changed>[1]): Job => changed(away, change);
  const elsewhere: typeof ways = [
    ['matching', changed(matching, (_spec, job) => (job.metadata['namespace'] = 'default'))],
    ['a scan', changed(scanning, (_spec, job) => (job.metadata['namespace'] = 'default'))],
    ['a Secret as a volume', awayWith((spec) => spec.volumes.push({ name: 'more', secret: { secretName: 'registry' } }))],
    ['a Secret in place of the image', awayWith((spec) => (spec.volumes[0] = { name: 'target', secret: { secretName: 'registry' } }))],
    ['ConfigMaps', awayWith((spec) => (spec.volumes[0] = { name: 'target', projected: { sources: [{ configMap: { name: 'c' } }] } }))],
    ['a second image', awayWith((spec) => spec.volumes.push({ name: 'more', image: { reference: 'x:1' } }))],
    ['another image as the index', indexedAway('registry.example/other:1')],
    ['another emptyDir', awayWith((spec) => spec.volumes.push({ name: 'more', emptyDir: { sizeLimit: '1Gi' } }))],
    ['a token', awayWith((spec) => (spec['automountServiceAccountToken'] = true))],
    [
      'a variable from a Secret',
      awayWith((spec) => (first(spec)['env'] = [{ name: 'HOME', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }])),
    ],
    [
      'a variable that runs other code',
      awayWith((spec) => (first(spec)['env'] = [{ name: 'NODE_OPTIONS', value: '--import=/vigil/target/x' }])),
    ],
    ['a folder of the image as home', awayWith((spec) => (second(spec)['env'] = [{ name: 'HOME', value: '/vigil/target' }]))],
    ['the image over the program', awayWith((spec) => (first(spec)['volumeMounts'] = [{ name: 'target', mountPath: '/usr/local/bin' }]))],
    ['a file of the image as termination message', awayWith((spec) => (first(spec)['terminationMessagePath'] = '/vigil/target/key'))],
    ['another program', awayWith((spec) => (first(spec)['command'] = ['node', '-e', '1']))],
    ['another verb', awayWith((spec) => (first(spec)['args'] = ['worker']))],
    [
      'a scanner that sends its report to a server',
      awayWith((spec) => (second(spec)['args'] = [...(second(spec)['args'] as string[]), '--server=http://x'])),
    ],
    ['a scanner of something else', awayWith((spec) => (second(spec)['args'] = ['image', 'x:1']))],
    ['one container less', awayWith((spec) => (spec['initContainers'] = [second(spec)]))],
    ['hostUsers', awayWith((spec) => (spec['hostUsers'] = true))],
    ['no seccomp profile', awayWith((spec) => (spec['securityContext'] = { runAsUser: 0 }))],
    ['a priority', awayWith((spec) => (spec['priorityClassName'] = 'system-node-critical'))],
    ['a toleration', awayWith((spec) => (spec['tolerations'] = [{ operator: 'Exists' }]))],
    ['a scanner that pulls', changed(pulling, (_spec, job) => (job.metadata['namespace'] = 'default'))],
    [
      'the arguments of one that pulls',
      awayWith((spec) => (second(spec)['args'] = (pulling().spec.template.spec['initContainers'] as Fields[])[1]?.['args'])),
    ],
    ['many pods', awayWith((_spec, job) => Object.assign(job.spec, { parallelism: 100, completions: 100 }))],
    ['a probe', awayWith((spec) => (first(spec)['readinessProbe'] = { httpGet: { host: 'x', port: 80 } }))],
    ['a hostPort', awayWith((spec) => (first(spec)['ports'] = [{ containerPort: 80, hostPort: 80 }]))],
  ];
  for (const [what, object] of [...ways, ...elsewhere.map(([what, object]) => [`${what} in another namespace`, object] as const)]) {
    it(`refuses ${what}`, () => {
      // An expression that cannot be evaluated also refuses the object, with another message.
      expect(refusal(object)).to.match(
        /ValidatingAdmissionPolicy 'vigil-guard' .*denied request: (the operator|a (pod|container|volume)) /,
      );
    });
  }

  it('refuses tokens of other service accounts to the operator', () => {
    expect(() => kubectl(['create', 'token', 'vigil-scanner', '-n', 'vigil-system', '--as', account])).to.throw(/vigil-guard/);
  });

  it('allows the ConfigMaps of the operator, and all objects of other users', () => {
    const own = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'vigil-images-test', namespace: 'vigil-system' } };
    expect(refusal(own)).to.equal('');
    const pod = { ...plainPod, metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'a', image: 'x' }] } };
    expect(() => kubectl(['create', '--dry-run=server', '-f', '-'], JSON.stringify(pod))).not.to.throw();
  });
});
