import { definedEntries } from '../../api/defined-entries.ts';
import {
  AUDIT_LEVELS,
  AUDIT_STAGES,
  type AuditEvent,
  type AuditObjectReference,
  type AuditProblem,
  type ParsedAuditEvent,
} from '../audit-event.ts';
import { auditUser } from './audit-user.ts';
import { BoundedFields, isRecord, type JsonRecord } from './bounded-fields.ts';
import { boundedUri } from './request-uri.ts';
import { tokenRequestOf } from './token-request.ts';

const VERSION = 'audit.k8s.io/v1';
const ANNOTATION_PREFIXES = [
  'authorization.k8s.io/',
  'authentication.k8s.io/',
  'authentication.kubernetes.io/',
  'pod-security.kubernetes.io/',
];

/**
 * Reads one `audit.k8s.io/v1` Event, already parsed from JSON. Unknown fields are ignored; bodies are not kept (see {@link AuditEvent}). Items of an EventList have no
 * apiVersion of their own, so it may be absent. `server` names the API server that sent it.
 */
export const parseAuditEvent = (json: unknown, server = ''): ParsedAuditEvent => {
  if (!isRecord(json)) {
    return { problem: malformed('an audit event is a JSON object') };
  }
  const version = json['apiVersion'];
  if (version !== undefined && version !== VERSION) {
    return { problem: wrongVersion(version) };
  }
  if (json['kind'] !== undefined && json['kind'] !== 'Event') {
    return { problem: malformed('kind: is not Event') };
  }
  const required = requiredFields(json);
  return typeof required === 'string' ? { problem: malformed(required) } : { event: auditEvent(json, required, server) };
};

/** Why an event or list of another API version is not read. */
export const wrongVersion = (version: unknown): AuditProblem => ({
  reason: 'version',
  message: `apiVersion: ${typeof version === 'string' ? JSON.stringify(version.slice(0, 64)) : 'not a string'} is not read. Set --audit-webhook-version=${VERSION} (or --audit-log-version) of the API server`,
});

const malformed = (message: string): AuditProblem => ({ reason: 'malformed', message });

type Required = Pick<AuditEvent, 'auditID' | 'stage' | 'level' | 'at' | 'receivedAt' | 'verb'>;

/** The fields without which an event says nothing, or the first problem. */
const requiredFields = (json: JsonRecord): Required | string => {
  const stage = AUDIT_STAGES.find((known) => known === json['stage']);
  const level = AUDIT_LEVELS.find((known) => known === json['level']);
  const at = instant(json['stageTimestamp']);
  const { auditID, verb } = json;
  if (typeof auditID !== 'string' || auditID === '') return 'auditID: a text is required';
  if (stage === undefined) return `stage: is none of ${AUDIT_STAGES.join(', ')}`;
  if (level === undefined) return `level: is none of ${AUDIT_LEVELS.join(', ')}`;
  if (typeof verb !== 'string' || verb === '') return 'verb: a text is required';
  if (at === undefined) return 'stageTimestamp: a time (RFC 3339) is required';
  if (!isRecord(json['user'])) return 'user: an object is required';
  const fields = new BoundedFields(json);
  return {
    auditID: fields.text('auditID', 128),
    stage,
    level,
    at,
    receivedAt: instant(json['requestReceivedTimestamp']) ?? at,
    verb: fields.text('verb', 64),
  };
};

/** Milliseconds since 1970, or undefined. */
const instant = (value: unknown): number | undefined => {
  const parsed = typeof value === 'string' && value.length <= 40 ? Date.parse(value) : NaN;
  return Number.isFinite(parsed) ? parsed : undefined;
};

const auditEvent = (json: JsonRecord, required: Required, server: string): AuditEvent => {
  const fields = new BoundedFields(json);
  const { uri, cut } = boundedUri(typeof json['requestURI'] === 'string' ? json['requestURI'] : '');
  if (cut) fields.cut.add('requestURI');
  const objectRef = objectReference(json['objectRef'], fields.cut);
  return {
    ...required,
    user: auditUser(json['user'], 'user', fields.cut),
    sourceIPs: fields.texts('sourceIPs', 16, 64),
    userAgent: fields.text('userAgent', 512),
    requestURI: uri,
    annotations: annotations(json['annotations'], fields.cut),
    server,
    ...definedEntries({
      impersonatedUser: isRecord(json['impersonatedUser'])
        ? auditUser(json['impersonatedUser'], 'impersonatedUser', fields.cut)
        : undefined,
      objectRef,
      code: responseCode(json['responseStatus']),
      tokenRequest: tokenRequestOf(json, objectRef, fields.cut),
    }),
    cut: [...fields.cut],
  };
};

const objectReference = (value: unknown, cut: Set<string>): AuditObjectReference | undefined => {
  if (!isRecord(value)) return undefined;
  const fields = new BoundedFields(value, 'objectRef.', cut);
  return {
    apiGroup: fields.text('apiGroup', 253),
    apiVersion: fields.text('apiVersion', 63),
    resource: fields.text('resource', 253),
    ...definedEntries({
      subresource: fields.optional('subresource', 253),
      namespace: fields.optional('namespace', 253),
      name: fields.optional('name', 253),
      uid: fields.optional('uid', 128),
    }),
  };
};

const responseCode = (status: unknown): number | undefined => {
  const code = isRecord(status) ? status['code'] : undefined;
  return typeof code === 'number' && Number.isInteger(code) && code >= 100 && code <= 599 ? code : undefined;
};

const annotations = (value: unknown, cut: Set<string>): Readonly<Record<string, string>> => {
  if (!isRecord(value)) return {};
  const fields = new BoundedFields(value, 'annotations.', cut);
  const keys = Object.keys(value).filter((key) => key.length <= 128 && ANNOTATION_PREFIXES.some((prefix) => key.startsWith(prefix)));
  if (keys.length > 16) cut.add('annotations');
  return Object.fromEntries(keys.slice(0, 16).map((key) => [key, fields.text(key, 512)]));
};
