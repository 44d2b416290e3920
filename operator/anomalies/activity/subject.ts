/** What a finding is about: an object, a service account, or a user or group (kind User or Group of rbac.authorization.k8s.io). */
export interface FindingSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}
