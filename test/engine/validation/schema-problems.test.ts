import { expect } from 'chai';
import { globSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readManifests } from '../../../operator/manifests/manifest.ts';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { schemaProblems } from '../../../operator/engine/validation/schema-problems.ts';

function messagesOf(yaml: string): readonly string[] | undefined {
  const object = parse(yaml) as Record<string, unknown>;
  applyManifestDefaults(object, { namespaced: true });
  return schemaProblems(object)?.map(({ message }) => message);
}

const container = (fields: string): string =>
  `{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a, ${fields}}]}}`;
const deployment = (spec: string): string =>
  `{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {}, template: {metadata: {}, spec: {containers: [{name: a, image: a}], ${spec}}}}}`;

const messages: readonly (readonly [title: string, yaml: string, message: string])[] = [
  ['other letters', container('imagepullpolicy: Always'), "imagepullpolicy (did you mean 'imagePullPolicy'?)"],
  ['a mistyped name', container('evn: []'), "evn (did you mean 'env'?)"],
  ['a field of a map beside it', container('capabilities: {}'), "capabilities (did you mean 'securityContext.capabilities'?)"],
  ['a field of a map above', deployment('replicas: 2'), "replicas (did you mean 'replicas' of spec?)"],
  ['nothing similar', container('somethingElse: 2'), 'somethingElse'],
  ['a long name', container(`a${'x'.repeat(5000)}: 2`), `a${'x'.repeat(79)}...`],
  [
    'a long value that is none of several',
    container(`imagePullPolicy: a${'x'.repeat(5000)}`),
    `imagePullPolicy 'a${'x'.repeat(79)}...' is not one of Always, IfNotPresent, Never`,
  ],
  ['an item of a list', container('args: [a, 2]'), 'args[1] must be a string'],
  ['a label', deployment('').replace('metadata: {}', 'metadata: {labels: {a.b/c: 1}}'), "labels['a.b/c'] must be a string"],
  [
    'a time',
    '{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: yesterday}}',
    'creationTimestamp must be a time, such as 2026-01-31T12:00:00Z',
  ],
  [
    'a missing pointer to one of several values',
    '{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: a, port: {number: 80}}}}]}}]}}',
    'pathType is required',
  ],
  [
    'a value that is none of several',
    container('imagePullPolicy: always'),
    "imagePullPolicy 'always' is not one of Always, IfNotPresent, Never",
  ],
];

describe('the schema of manifests', () => {
  for (const [title, yaml, message] of messages)
    it(`names the field and the right one: ${title}`, () => {
      expect(messagesOf(yaml)).to.deep.equal([message]);
    });

  for (const time of ['null', '2026-01-31T12:00:00Z', '"2026-01-31T12:00:00.123456Z"', '2026-01-31T12:00:00+02:00'])
    it(`accepts the time ${time}`, () => {
      expect(messagesOf(`{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: ${time}}}`)).to.deep.equal([]);
    });

  it('names a key that is a map', () => {
    const name = '{name: {toString: a}}';
    expect(messagesOf(container(`env: [${name}, ${name}]`))).to.include('env has name {"toString":"a"} more than once');
  });

  it('does not print the value of a Secret', () => {
    expect(messagesOf('{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: "hunter2!"}}')).to.deep.equal([
      'data.a must be base64',
    ]);
  });

  it('tells nothing about kinds whose fields it does not know', () => {
    for (const type of [
      'apiVersion: example.com/v1, kind: Own',
      'apiVersion: extensions/v1beta1, kind: Deployment',
      'apiVersion: apps/v1, kind: Own',
    ])
      expect(messagesOf(`{${type}, metadata: {name: a}, spec: {replica: 1}}`), type).to.equal(undefined);
  });

  it('finds nothing in the manifests of this repository', async () => {
    const paths = globSync(['samples/**/*.yaml', 'config/base/**/*.yaml', 'crds/*.yaml']);
    let objects = 0;
    for (const path of paths) {
      const { manifests } = await readManifests(path, readFileSync(path, 'utf8'), { lenient: true });
      for (const { object } of manifests) {
        applyManifestDefaults(object, { namespaced: true });
        const problems = schemaProblems(object);
        if (problems === undefined) continue;
        objects += 1;
        expect(problems, path).to.deep.equal([]);
      }
    }
    expect(objects).to.be.greaterThan(20);
  });
});
