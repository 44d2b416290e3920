import { z } from 'zod';
import { field, labelSelector, namePatterns } from '../field.ts';

/** Namespaces by name and labels: those that match `include` and `selector`, without those that match `exclude`. */
export const namespaceScope = z.strictObject({
  include: field(namePatterns.optional(), 'Namespaces in scope. * matches any characters. Omitted: all.'),
  exclude: field(namePatterns.optional(), 'Namespaces to exclude. Takes precedence over include.'),
  selector: field(labelSelector.optional(), 'Only namespaces with these labels.'),
});
export type NamespaceScope = z.infer<typeof namespaceScope>;
