import { isRecord, type JsonRecord } from '../parsing/bounded-fields.ts';
import { gkeObject } from './gke-object.ts';

/** Whether a record is an entry of Cloud Logging with an audit log of the Kubernetes API. */
export const isGkeEntry = ({ protoPayload }: JsonRecord): boolean => isRecord(protoPayload) && protoPayload['serviceName'] === 'k8s.io';

/* google.rpc.Code to the HTTP status that the API server answered with. An absent code is 0, as in every protobuf message. */
const HTTP_STATUS: Readonly<Record<number, number>> = {
  0: 200,
  1: 499,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  13: 500,
  14: 503,
  15: 500,
  16: 401,
};

/**
 * An entry of Cloud Logging as an Event of audit.k8s.io/v1. The entry has neither groups nor extra nor the impersonated user, and one event for each request: an exec is
 * given as ResponseStarted, as detections expect it.
 */
export const auditEventOfGke = (entry: JsonRecord): JsonRecord => {
  const payload = record(entry['protoPayload']);
  const metadata = record(payload['requestMetadata']);
  const method = text(payload['methodName']);
  const { objectRef, requestURI } = gkeObject(text(payload['resourceName']));
  const isStream = ['exec', 'attach', 'portforward'].includes(objectRef?.subresource ?? '');
  return {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Event',
    level: payload['request'] === undefined ? 'Metadata' : 'Request',
    auditID: record(entry['operation'])['id'] ?? entry['insertId'],
    stage: isStream ? 'ResponseStarted' : 'ResponseComplete',
    verb: method.slice(method.lastIndexOf('.') + 1),
    user: { username: record(payload['authenticationInfo'])['principalEmail'] },
    sourceIPs: [metadata['callerIp']],
    userAgent: metadata['callerSuppliedUserAgent'],
    objectRef,
    requestURI,
    responseStatus: { code: httpStatus(record(payload['status'])['code']) },
    requestObject: payload['request'],
    annotations: entry['labels'],
    stageTimestamp: entry['timestamp'],
    requestReceivedTimestamp: entry['timestamp'],
  };
};

const httpStatus = (code: unknown): number | undefined => HTTP_STATUS[typeof code === 'number' ? code : 0];

const record = (value: unknown): JsonRecord => (isRecord(value) ? value : {});
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
