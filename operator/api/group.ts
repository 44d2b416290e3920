/** The API group of Vigil's own kinds. */
export const GROUP = 'vigil.dev';
/** The only served version of {@link GROUP}. */
export const VERSION = 'v1alpha1';
/** `apiVersion` of Vigil's own kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** The value of `app.kubernetes.io/managed-by` on everything that Vigil creates. */
export const MANAGED_BY = 'vigil';

/** Labels and annotations that Vigil sets, by role. */
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  source: `${GROUP}/source`,
  policyPrefix: `policy.${GROUP}/`,
  scan: `${GROUP}/scan`,
  schedule: `${GROUP}/schedule`,
  part: `${GROUP}/part`,
  trigger: `${GROUP}/trigger`,
  /** Of a ConfigMap of the document store: the kind of its document. */
  document: `${GROUP}/document`,
  /** Of a ConfigMap with a piece of a document. */
  documentPiece: `${GROUP}/document-piece`,
  /** Of a piece: the head that names it. */
  documentHead: `${GROUP}/document-head`,
  /** What a ConfigMap of Vigil's namespace tells about vulnerabilities: set by people, not by Vigil. */
  imageData: `${GROUP}/image-data`,
} as const;

/** Annotations that Vigil sets, by role. */
export const ANNOTATIONS = {
  policies: `${GROUP}/policies`,
  /** What the last scan that changed a report found new and fixed: so that a repetition counts the same. */
  change: `${GROUP}/change`,
  /** Of a report about images: when what came and went, by policy. */
  changes: `${GROUP}/changes`,
  resourceVersion: `${GROUP}/resource-version`,
  /** Of a report: a digest over what Vigil wrote, by which it knows its own. */
  digest: `${GROUP}/digest`,
  /** Of the report about roles and bindings that Kubernetes brings: what is counted of each. */
  bootstrap: `${GROUP}/bootstrap`,
  scan: `${GROUP}/scan`,
  /** Of a Scan: the generations of policies for which it was made. */
  generations: `${GROUP}/generations`,
  /** The images that a Job is about, by digest. */
  images: `${GROUP}/images`,
  /** Of a Job: a hash of what it works on. A Job of the same name with another is not the one that is wanted. */
  jobInputs: `${GROUP}/job-inputs`,
  /** What a Job for images was made with, as JSON. */
  imageJob: `${GROUP}/image-job`,
} as const;
