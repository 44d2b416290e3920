import type { z } from 'zod';
import type { CrdRule } from '../field.ts';

/** A printer column of `kubectl get`. A column with priority 1 is shown only with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date';
  readonly jsonPath: string;
  readonly priority?: number;
}

/** The definition of a custom resource kind, from which its CRD is generated. */
export interface KindDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories?: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly body: z.ZodObject;
  readonly statusSubresource: boolean;
  readonly rules?: readonly CrdRule[];
  readonly columns: readonly Column[];
}

/** The column with the age of an object. */
export const age: Column = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };
