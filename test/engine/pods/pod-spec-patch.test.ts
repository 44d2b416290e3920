import { expect } from 'chai';
import { parse } from 'yaml';
import { mergePodSpec, setsPath } from '../../../operator/engine/pods/pod-spec-patch.ts';

type Fields = Record<string, unknown>;
const fields = (yaml: string): Fields => parse(yaml) as Fields;

describe('a strategic merge patch of a pod', () => {
  const rows: readonly (readonly [title: string, spec: string, patch: string, expected: string])[] = [
    ['merges maps', '{securityContext: {runAsUser: 1}}', '{securityContext: {runAsGroup: 2}}', '{securityContext: {runAsUser: 1, runAsGroup: 2}}'],
    ['removes what is null', '{hostNetwork: true, dnsPolicy: None}', '{hostNetwork: null}', '{dnsPolicy: None}'],
    [
      'merges containers by name, and keeps their order',
      '{containers: [{name: a, image: x}, {name: b, image: y}]}',
      '{containers: [{name: b, securityContext: {privileged: true}}, {name: c, image: z}]}',
      '{containers: [{name: a, image: x}, {name: b, image: y, securityContext: {privileged: true}}, {name: c, image: z}]}',
    ],
    [
      'merges environment variables by name, ports by number and mounts by path',
      '{containers: [{name: a, env: [{name: A, value: "1"}], ports: [{containerPort: 1}], volumeMounts: [{mountPath: /a, name: a}]}]}',
      '{containers: [{name: a, env: [{name: B, value: "2"}], ports: [{containerPort: 1, hostPort: 1}], volumeMounts: [{mountPath: /a, readOnly: true}]}]}',
      '{containers: [{name: a, env: [{name: A, value: "1"}, {name: B, value: "2"}], ports: [{containerPort: 1, hostPort: 1}], volumeMounts: [{mountPath: /a, name: a, readOnly: true}]}]}',
    ],
    ['replaces lists without a key', '{containers: [{name: a, args: [x], envFrom: [{prefix: a}]}]}', '{containers: [{name: a, args: [y], envFrom: [{prefix: b}]}]}', '{containers: [{name: a, args: [y], envFrom: [{prefix: b}]}]}'],
    ['replaces capabilities and tolerations', '{tolerations: [{key: a}], containers: [{name: a, securityContext: {capabilities: {drop: [ALL]}}}]}', '{tolerations: [{key: b}], containers: [{name: a, securityContext: {capabilities: {drop: [KILL]}}}]}', '{tolerations: [{key: b}], containers: [{name: a, securityContext: {capabilities: {drop: [KILL]}}}]}'],
    ['deletes an entry by directive', '{containers: [{name: a}, {name: b}]}', '{containers: [{name: a, $patch: delete}]}', '{containers: [{name: b}]}'],
    ['replaces a list by directive', '{volumes: [{name: a}]}', '{volumes: [{$patch: replace}, {name: b, emptyDir: {}}]}', '{volumes: [{name: b, emptyDir: {}}]}'],
    ['replaces a map by directive', '{securityContext: {runAsUser: 1}}', '{securityContext: {$patch: replace, runAsGroup: 2}}', '{securityContext: {runAsGroup: 2}}'],
    ['keeps only the keys of a directive', '{volumes: [{name: a, emptyDir: {}}]}', '{volumes: [{name: a, $retainKeys: [name, hostPath], hostPath: {path: /}}]}', '{volumes: [{name: a, hostPath: {path: /}}]}'],
    ['ignores the order that a patch asks for', '{containers: [{name: a}]}', '{$setElementOrder/containers: [{name: a}]}', '{containers: [{name: a}]}'],
  ]; // prettier-ignore
  for (const [title, spec, patch, expected] of rows)
    it(title, () => {
      const before = fields(spec);
      expect(mergePodSpec(before, fields(patch))).to.deep.equal(fields(expected));
      expect(before).to.deep.equal(fields(spec));
    });

  it('says which paths of the result it sets', () => {
    const patch = fields('{hostPID: true, containers: [{name: b, args: [x], securityContext: {privileged: true}}]}');
    const spec = mergePodSpec(fields('{containers: [{name: a}, {name: b, image: y}]}'), patch);
    const sets = (path: string): boolean => setsPath(patch, spec, path);
    expect(['hostPID', 'containers[1].securityContext.privileged', 'containers[1].args[0]', 'containers[1]'].map(sets)).to.deep.equal([true, true, true, true]);
    expect(['hostIPC', 'containers[0].securityContext', 'containers[1].image', 'containers[1].securityContext.runAsUser'].map(sets)).to.deep.equal([false, false, false, false]);
  }); // prettier-ignore
});
