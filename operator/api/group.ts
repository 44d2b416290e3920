/** The API group of Vigil's kinds. */
export const GROUP = 'vigil.dev';
/** The only served version of {@link GROUP}. */
export const VERSION = 'v1alpha1';
/** The `apiVersion` of Vigil's kinds. */
export const API_VERSION = `${GROUP}/${VERSION}`;
/** The value of the label `app.kubernetes.io/managed-by` on every object that Vigil creates. */
export const MANAGED_BY = 'vigil';

/** The labels of Vigil, by purpose. Vigil sets all of them except `imageData`. */
export const LABELS = {
  managedBy: 'app.kubernetes.io/managed-by',
  source: `${GROUP}/source`,
  policyPrefix: `policy.${GROUP}/`,
  scan: `${GROUP}/scan`,
  schedule: `${GROUP}/schedule`,
  part: `${GROUP}/part`,
  trigger: `${GROUP}/trigger`,
  /** On an admission policy, its binding and its parameters: a hash of the name of the SecurityPolicy that they enforce. */
  enforces: `${GROUP}/enforces`,
  /** On a ConfigMap of the document store: the kind of its document. */
  document: `${GROUP}/document`,
  /** On a ConfigMap with a piece of a document. */
  documentPiece: `${GROUP}/document-piece`,
  /** On a piece: the head ConfigMap that refers to it. */
  documentHead: `${GROUP}/document-head`,
  /** On a ConfigMap in Vigil's namespace: the kind of vulnerability data in it. Users set this label, not Vigil. */
  imageData: `${GROUP}/image-data`,
} as const;

/** The annotations that Vigil sets, by purpose. */
export const ANNOTATIONS = {
  policies: `${GROUP}/policies`,
  /** On a report: the new and fixed failures of the last scan that changed it. A repetition of that scan returns the same counts. */
  change: `${GROUP}/change`,
  /** On a report about images: the dated new and fixed failures, by policy. */
  changes: `${GROUP}/changes`,
  /** On a report: the dated counts of failures that became excepted and that are no longer, by policy. */
  exceptionChanges: `${GROUP}/exception-changes`,
  resourceVersion: `${GROUP}/resource-version`,
  /** On a report: a digest of the content that Vigil wrote. It shows whether another writer has changed the report. */
  digest: `${GROUP}/digest`,
  /** On the report about the default roles and bindings of Kubernetes: the counts of each object. */
  bootstrap: `${GROUP}/bootstrap`,
  scan: `${GROUP}/scan`,
  /** On a Scan: the generations of the policies for which it was created. */
  generations: `${GROUP}/generations`,
  /** On a Job: the digests of the images that it scans. */
  images: `${GROUP}/images`,
  /** On any object: exceptions for this object, as JSON. Users set this annotation. On a report: a copy of the object's. */
  except: `${GROUP}/except`,
  /** On a Job: a hash of its inputs. A Job of the same name with another hash is obsolete. */
  jobInputs: `${GROUP}/job-inputs`,
  /** On an image Job: the settings with which it was created, as JSON. */
  imageJob: `${GROUP}/image-job`,
} as const;
