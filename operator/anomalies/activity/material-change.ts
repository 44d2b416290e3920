import { isDeepStrictEqual } from 'node:util';
import type { ChangeActivity } from './activity.ts';
import type { ObjectFacts } from '../facts/object-facts.ts';

/** The facts that a person or a controller writes: without managers, addresses and the node, which the system adds. */
function written(facts: ObjectFacts | undefined): unknown {
  if (facts === undefined) return undefined;
  const pod = facts.pod && { ...facts.pod, addresses: undefined, node: undefined };
  return { ...facts, managers: undefined, pod, node: facts.node?.pool };
}

/** The facts without those of the status. */
const ofSpec = (facts: ObjectFacts | undefined): unknown => ({ ...(written(facts) as object | undefined), refusedByQuota: undefined });

/** Whether only the status differs that a controller writes about an object. Writes of the status are not joined: there are too many. */
export const isOfStatus = ({ operation, before, after }: ChangeActivity): boolean =>
  operation === 'update' && before?.refusedByQuota !== after?.refusedByQuota && isDeepStrictEqual(ofSpec(before), ofSpec(after));

/** Whether detections have anything to read in a change. Most updates are of the status. */
export const isMaterial = ({ operation, before, after }: ChangeActivity): boolean =>
  operation !== 'update' || before === undefined || !isDeepStrictEqual(written(before), written(after));
