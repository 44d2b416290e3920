import { isDeepStrictEqual } from 'node:util';
import type { ChangeActivity } from './activity.ts';
import type { ObjectFacts } from '../facts/object-facts.ts';

/** The facts that a person or a controller writes: without managers, addresses and the node, which the system adds. */
function written(facts: ObjectFacts | undefined): unknown {
  if (facts === undefined) return undefined;
  const pod = facts.pod && { ...facts.pod, addresses: undefined, node: undefined };
  return { ...facts, managers: undefined, pod, node: facts.node?.pool };
}

/** Whether detections have anything to read in a change. Most updates are of the status. */
export const isMaterial = ({ operation, before, after }: ChangeActivity): boolean =>
  operation !== 'update' || before === undefined || !isDeepStrictEqual(written(before), written(after));
