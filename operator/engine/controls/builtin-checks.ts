import type { ControlParameters } from '../../catalogue/controls/control.ts';
import { awsAccounts, awsMasters } from '../cluster/aws-auth.ts';
import { gkeMetadataServer, gkeNodeImage, nodeExternalAddress } from '../cluster/cloud-nodes.ts';
import { ingressNginxEnded, ingressNginxVulnerable } from '../cluster/ingress-nginx.ts';
import { webhookOutside } from '../cluster/webhook-address.ts';
import { configurationJudges } from '../configurations/configuration-judges.ts';
import { annotationHasCredential, binaryHasCredential, entryHasCredential, variableHasCredential } from '../credentials/config-text.ts';
import { CredentialTest } from '../credentials/credential-test.ts';
import { commandHasCredential } from '../credentials/command-line.ts';
import { fieldsOf, isFields, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Violation, type Outcome } from '../outcomes/outcome.ts';
import { manifestChecks } from '../validation/manifest-checks.ts';
import { networkJudges } from '../network/judges/network-judges.ts';
import { type Shape, shapeFaults } from './shape.ts';
import type { Subject } from './subject.ts';

/** Evaluates one object by code. Used for checks that are hard to write in CEL. `minor`: as in a CEL expression, `version`. */
export type BuiltinCheck = (subject: Subject, parameters: ControlParameters, minor: number) => Outcome;

interface Findings {
  readonly violations: Violation[];
  readonly faults: Fault[];
}

const outcome = ({ violations: violations, faults }: Findings): Outcome =>
  violations.length + faults.length === 0 ? clean : { violations: violations, faults };

/** Visits the entries of a list field in every container. */
function eachEntry(
  subject: Subject,
  field: string,
  visit: (entry: unknown, path: () => string, container: string | undefined) => void,
  faults: Fault[],
): void {
  for (const { path, containers, broken } of subject.input.containers) {
    if (broken === true) faults.push({ path: subject.path(path), problem: 'expected a list' });
    for (const [index, container] of containers.entries()) {
      const at = `${path}[${index}]`;
      if (!isFields(container)) faults.push({ path: subject.path(at), problem: 'expected a map' });
      const list = fieldsOf(container)[field];
      if (list !== undefined && list !== null && !Array.isArray(list))
        faults.push({ path: subject.path(`${at}.${field}`), problem: 'expected a list' });
      for (const [position, entry] of listOf(list).entries())
        visit(entry, () => subject.path(`${at}.${field}[${position}]`), textOf(fieldsOf(container)['name']));
    }
  }
}

const variable: Shape = { name: 'string', value: 'string' };
const isUnsetOrText = (value: unknown): boolean => value === undefined || value === null || typeof value === 'string';

const credentialInEnvironment: BuiltinCheck = (subject, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  const visit = (entry: unknown, path: () => string, container: string | undefined): void => {
    const { name, value } = fieldsOf(entry);
    // Most entries have no fault: their paths are not needed.
    if (!isFields(entry) || !isUnsetOrText(name) || !isUnsetOrText(value)) found.faults.push(...shapeFaults(entry ?? '', variable, path()));
    if (typeof value !== 'string') return;
    if (variableHasCredential(textOf(name) ?? '', value, test)) {
      found.violations.push({ path: `${path()}.value`, label: textOf(name) ?? '', ...(container === undefined ? {} : { container }) });
    }
  };
  eachEntry(subject, 'env', visit, found.faults);
  return outcome(found);
};

/** Visits the entries of `data` or `binaryData` of a ConfigMap. */
function eachDatum(
  object: KubernetesObject,
  field: 'data' | 'binaryData',
  found: Findings,
  isCredential: (key: string, value: string) => boolean,
): void {
  const data = object[field] ?? {};
  if (!isFields(data)) {
    found.faults.push({ path: field, problem: 'expected a map' });
    return;
  }
  for (const [key, value] of Object.entries(data)) {
    const path = `${field}['${key}']`;
    if (typeof value !== 'string') found.faults.push({ path, problem: 'expected a string' });
    else if (isCredential(key, value)) found.violations.push({ path, label: key });
  }
}

const credentialInConfigMap: BuiltinCheck = ({ object }, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  eachDatum(object, 'data', found, (key, value) => entryHasCredential(key, value, test));
  eachDatum(object, 'binaryData', found, (key, value) => binaryHasCredential(key, value, test));
  return outcome(found);
};

const commandLine: Shape = { command: ['string'], args: ['string'] };
const hasNoCommand = (container: unknown): boolean =>
  isFields(container) && (container['command'] ?? undefined) === undefined && (container['args'] ?? undefined) === undefined;

const credentialInCommand: BuiltinCheck = (subject, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  for (const { path, containers, broken } of subject.input.containers) {
    if (broken === true) found.faults.push({ path: subject.path(path), problem: 'expected a list' });
    for (const [index, container] of containers.entries()) {
      if (hasNoCommand(container)) continue;
      const faults = shapeFaults(container ?? '', commandLine, subject.path(`${path}[${index}]`));
      const { command, args, name } = fieldsOf(container);
      const words = [...listOf(command), ...listOf(args)].filter((word) => typeof word === 'string');
      const label = textOf(name);
      if (!commandHasCredential(words, test)) {
        found.faults.push(...faults);
        continue;
      }
      const field = listOf(args).length > 0 ? 'args' : 'command';
      found.violations.push({
        path: subject.path(`${path}[${index}].${field}`),
        ...(label === undefined ? {} : { label, container: label }),
      });
    }
  }
  return outcome(found);
};

/** Adds the annotations with a credential below `metadata`, whose path begins with `prefix`. */
function visitAnnotations(metadata: unknown, prefix: string, test: CredentialTest, found: Findings): void {
  const annotations = fieldsOf(metadata)['annotations'] ?? {};
  if (!isFields(annotations)) found.faults.push({ path: `${prefix}metadata.annotations`, problem: 'expected a map' });
  for (const [key, value] of Object.entries(fieldsOf(annotations))) {
    const at = `${prefix}metadata.annotations['${key}']`;
    if (typeof value !== 'string') found.faults.push({ path: at, problem: 'expected a string' });
    else if (annotationHasCredential(key, value, test)) found.violations.push({ path: at, label: key });
  }
}

const credentialInAnnotation: BuiltinCheck = (subject, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  visitAnnotations(subject.object.metadata, '', test, found);
  const { metadata } = subject.input.object;
  const prefix = subject.path('metadata.annotations').slice(0, -'metadata.annotations'.length);
  if (prefix !== '') visitAnnotations(metadata, prefix, test, found);
  return outcome(found);
};

/** The maps of a storage class or a volume that its driver reads. */
const storageParameters: readonly (readonly string[])[] = [
  ['parameters'],
  ['spec', 'csi', 'volumeAttributes'],
  ['spec', 'flexVolume', 'options'],
];

const credentialInParameters: BuiltinCheck = ({ object }, parameters) => {
  const test = CredentialTest.for(parameters);
  const found: Findings = { violations: [], faults: [] };
  for (const steps of storageParameters) {
    const path = steps.join('.');
    const map = steps.reduce<unknown>((value, step) => fieldsOf(value)[step], object) ?? {};
    if (!isFields(map)) found.faults.push({ path, problem: 'expected a map' });
    for (const [key, value] of Object.entries(fieldsOf(map))) {
      const at = `${path}['${key}']`;
      if (typeof value !== 'string') found.faults.push({ path: at, problem: 'expected a string' });
      else if (variableHasCredential(key.slice(key.lastIndexOf('/') + 1), value, test)) found.violations.push({ path: at, label: key });
    }
  }
  return outcome(found);
};

/** The built-in checks, by the names that controls use. */
export const builtinChecks: Readonly<Record<string, BuiltinCheck>> = {
  credentialInEnvironment,
  credentialInConfigMap,
  credentialInCommand,
  credentialInAnnotation,
  credentialInParameters,
  awsMasters: ({ object }) => awsMasters(object),
  awsAccounts: ({ object }) => awsAccounts(object),
  ingressNginxVulnerable: (subject) => ingressNginxVulnerable(subject.input, (path) => subject.path(path)),
  ingressNginxEnded: (subject) => ingressNginxEnded(subject.input, (path) => subject.path(path)),
  webhookOutside: ({ object }) => webhookOutside(object),
  nodeExternalAddress: ({ object }) => nodeExternalAddress(object),
  gkeMetadataServer: ({ object }) => gkeMetadataServer(object),
  gkeNodeImage: ({ object }) => gkeNodeImage(object),
  ...Object.fromEntries(
    Object.entries(configurationJudges).map(([name, judge]): [string, BuiltinCheck] => [name, ({ object }) => judge(object)]),
  ),
  ...Object.fromEntries(
    Object.entries(networkJudges).map(([name, judge]): [string, BuiltinCheck] => [
      name,
      ({ object }, parameters) => judge(object, parameters),
    ]),
  ),
  ...manifestChecks,
};
