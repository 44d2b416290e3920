import { expect } from 'chai';
import { parse } from 'yaml';
import { unevaluatedPods } from '../../../operator/engine/objects/unevaluated-pods.ts';

const reason = (apiVersion: string, kind: string, spec: string): string | undefined =>
  unevaluatedPods(parse(`{apiVersion: ${apiVersion}, kind: ${kind}, metadata: {name: a}, spec: ${spec}}`) as Record<string, unknown>);

const image = 'image: "a:1"';
const template = `{spec: {containers: [{name: a, ${image}}]}}`;

describe('pods of custom kinds that are not evaluated', () => {
  const rows: readonly (readonly [apiVersion: string, kind: string, spec: string, found: string | undefined])[] = [
    ['tekton.dev/v1', 'TaskRun', '{}', 'Tekton makes pods of which the object has only a part'],
    ['pxc.percona.com/v1', 'PerconaXtraDBCluster', '{}', 'the Percona operator makes pods that are not written in the object'],
    ['kubeflow.org/v1alpha1', 'PodDefault', '{}', 'it changes the pods of other objects when they are created'],
    ['helm.toolkit.fluxcd.io/v2', 'HelmRelease', `{values: {template: ${template}}}`, 'Flux applies objects that are not written in the object: scan what it renders'],
    ['robots.example.org/v1', 'Robot', `{containers: [{${image}}]}`, 'its containers are not in a pod template'],
    ['robots.example.org/v1', 'Robot', `{extraInitContainers: [{${image}}]}`, 'its containers are not in a pod template'],
    ['robots.example.org/v1', 'Robot', `{arm: {container: {${image}}}}`, 'its containers are not in a pod template'],
    ['robots.example.org/v1', 'Robot', '{podTemplate: {metadata: {labels: {a: b}}}}', 'its containers are not in a pod template'],
    ['robots.example.org/v1', 'Robot', `{items: [{apiVersion: apps/v1, kind: Deployment, spec: {template: ${template}}}]}`, 'spec.items[0] is a Deployment that is not evaluated inside of it'],
    ['robots.example.org/v1', 'Robot', `{template: ${template}, subsets: [{patch: {spec: {hostPID: true}}}]}`, 'spec.subsets[0].patch changes its pods, and is not evaluated'],
    ['elasticsearch.k8s.elastic.co/v1', 'Elasticsearch', `{nodeSets: [{podTemplate: ${template}}]}`, 'the operator of Elasticsearch.elasticsearch.k8s.elastic.co completes its pod templates'],
    ['robots.example.org/v1', 'Robot', `{template: ${template}}`, undefined],
    ['robots.example.org/v1', 'Robot', `{template: ${template}, patch: {}, overrides: [], overlay: ""}`, undefined],
    ['robots.example.org/v1', 'Box', '{containers: [{name: red}], container: big, podTemplate: {}, items: [{apiVersion: v1, kind: ConfigMap}]}', undefined],
    ['argoproj.io/v1alpha1', 'Rollout', '{workloadRef: {kind: Deployment, name: a}}', undefined],
    ['kyverno.io/v1', 'Policy', `{rule: {containers: [{${image}}]}}`, undefined],
    ['apps/v1', 'Deployment', `{template: ${template}}`, undefined],
    ['cert-manager.io/v1', 'Certificate', '{secretName: a}', undefined],
  ]; // prettier-ignore
  for (const [apiVersion, kind, spec, found] of rows)
    it(`${kind} in ${apiVersion} with ${spec.slice(0, 60)}`, () => {
      expect(reason(apiVersion, kind, spec)).to.equal(found);
    });

  it('are not searched for without end', () => {
    const deep = `${'{a: '.repeat(400)}1${'}'.repeat(400)}`;
    expect(reason('robots.example.org/v1', 'Robot', deep)).to.equal(undefined);
  });
});
