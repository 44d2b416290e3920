import { RESOURCES } from '../api/api-resource.ts';

/**
 * Resources that are never scanned, whatever a rule matches: Vigil does not read Secrets, and its reports are not targets. The value is the
 * message for users; empty if there is none.
 */
export const neverScanned: ReadonlyMap<string, string> = new Map([
  ['/secrets', 'secrets in the core API group are not scanned: Vigil never reads Secrets; check them in files with vigil scan'],
  [`${RESOURCES.reports.group}/${RESOURCES.reports.resource}`, ''],
  [`${RESOURCES.reports.group}/${RESOURCES.clusterReports.resource}`, ''],
]);
