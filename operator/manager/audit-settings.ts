import { definedEntries } from '../api/defined-entries.ts';
import { AUDIT_NAME } from '../audit/audit-publication.ts';
import type { AuditFilePaths } from '../audit/receiving/audit-files.ts';

/** The settings of the audit endpoint. The flags in operator-config.ts describe them. */
export interface AuditSettings {
  readonly namespace: string;
  readonly auditPort?: number | undefined;
  readonly auditAddress?: string | undefined;
  readonly auditSeedFile?: string | undefined;
  readonly auditTokenFile?: string | undefined;
  readonly auditTlsCert?: string | undefined;
  readonly auditTlsKey?: string | undefined;
  readonly auditClientCa?: string | undefined;
  readonly auditClientNames?: readonly string[] | undefined;
  readonly auditServerNames?: readonly string[] | undefined;
}

/** The settings that do not fit each other: the endpoint needs a certificate, and a way to know its senders. */
export function auditProblems(settings: AuditSettings): readonly (readonly [key: keyof AuditSettings, message: string])[] {
  const has = (key: keyof AuditSettings): boolean => settings[key] !== undefined;
  const rules: readonly (readonly [isWrong: boolean, key: keyof AuditSettings, message: string])[] = [
    [has('auditSeedFile') && has('auditTlsCert'), 'auditTlsCert', 'cannot be combined with --audit-seed-file'],
    [has('auditTlsCert') !== has('auditTlsKey'), 'auditTlsKey', 'is needed together with --audit-tls-cert'],
    [
      has('auditClientCa') !== (settings.auditClientNames ?? []).length > 0,
      'auditClientNames',
      'is needed together with --audit-client-ca: an authority may sign certificates of many',
    ],
    [
      has('auditPort') && !has('auditSeedFile') && !has('auditTlsCert'),
      'auditPort',
      'needs --audit-seed-file, or --audit-tls-cert and --audit-tls-key',
    ],
    [
      has('auditPort') && !has('auditTokenFile') && !has('auditClientCa'),
      'auditPort',
      'needs --audit-token-file, or --audit-client-ca and --audit-client-names: only known senders may send audit events',
    ],
  ];
  return rules.filter(([isWrong]) => isWrong).map(([, key, message]) => [key, message]);
}

/** The mounted files of the audit endpoint, and the names in the certificates that it makes: those of the Service, of this machine, and the given ones. */
export function auditFilePaths(settings: AuditSettings): AuditFilePaths {
  const service = `${AUDIT_NAME}.${settings.namespace}.svc`;
  return {
    ...definedEntries({
      seed: settings.auditSeedFile,
      tokens: settings.auditTokenFile,
      cert: settings.auditTlsCert,
      key: settings.auditTlsKey,
      clientAuthorities: settings.auditClientCa,
    }),
    clientNames: settings.auditClientNames ?? [],
    serverNames: [service, `${service}.cluster.local`, 'localhost', ...(settings.auditServerNames ?? [])],
  };
}
