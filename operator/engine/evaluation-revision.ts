import { hash } from 'node:crypto';
import type { SecurityPolicySpec } from '../api/security-policy.ts';
import { catalogue } from '../catalogue/controls/catalogue.ts';
import { frameworkId, newestMinor, resolveFramework } from '../catalogue/frameworks/framework.ts';

/**
 * The version of the code that judges. To be raised with every change by which the same object may come to another verdict although
 * the data of the catalogue stayed as it was: then everything is judged again.
 */
export const ENGINE_VERSION = 1;

const digest = (value: unknown, length: number): string => hash('sha256', JSON.stringify(value)).slice(0, length);

/** What this version of Vigil judges by besides the policies: a digest of the catalogue's data and of {@link ENGINE_VERSION}. */
export const catalogueVersion: string = digest([ENGINE_VERSION, catalogue], 12);

/** What a judgement depends on of a policy. */
export interface RevisionPolicy {
  readonly generation: number;
  readonly spec: SecurityPolicySpec;
}

/** What a judgement depends on besides policy and object. */
export interface RevisionInputs {
  /** The server's version, such as 1.36. */
  readonly kubernetesVersion: string;
  /** Default: {@link catalogueVersion}. */
  readonly catalogue?: string;
}

/**
 * The identity of a policy's judgement, such as `3-5f0c1d77aa`: two verdicts about the same state of an object, made beside the same
 * other objects, are the same where their revision is. It begins with the policy's generation and ends in a digest of the spec, of the
 * catalogue, of the frameworks as they resolve today with the controls that they bring, and of the Kubernetes minor as far as a check depends
 * on it. Waivers are no part of it: they are applied after judging. Pure.
 */
export function evaluationRevision(
  { generation, spec }: RevisionPolicy,
  { kubernetesVersion, catalogue: version = catalogueVersion }: RevisionInputs,
): string {
  const frameworks = (spec.frameworks ?? []).map(({ name, version: wanted }) => {
    const found = resolveFramework(name, wanted, kubernetesVersion);
    return found.ok ? [frameworkId(found.framework), found.framework.controls.map(({ id }) => id)] : name;
  });
  return `${generation}-${digest([version, spec, frameworks, relevantMinor(spec, kubernetesVersion)], 10)}`;
}

/** The generation that a revision is of; 0 where the text is no revision. */
export const generationOf = (revision: string): number => Number(/^[0-9]+/.exec(revision)?.[0] ?? 0);

/** The language of rules follows the server; controls follow it as far as Vigil knows its minor. */
function relevantMinor({ rules = [] }: SecurityPolicySpec, kubernetesVersion: string): number {
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion)?.[1] ?? newestMinor);
  return rules.length > 0 ? minor : Math.min(minor, newestMinor);
}
