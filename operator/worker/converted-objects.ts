import { apiVersionOf, type ApiResource } from '../api/api-resource.ts';
import type { KubeObject } from '../api/metadata.ts';
import type { KubernetesObject } from '../engine/objects/kubernetes-object.ts';
import type { ConvertedObject } from '../engine/rules/rule-check.ts';
import { KubeApiError } from '../kube/client/kube-api-error.ts';
import { listAll, listPages, type ListClient } from '../kube/list.ts';

/** Up to this number of objects, each is read by its own request. */
const fewObjects = 20;

/** A page of objects, with the continue token that it starts at. */
export interface PageOfObjects {
  readonly items: readonly KubeObject[];
  readonly namespace?: string | undefined;
  readonly from?: string | undefined;
}

/** Reads objects in the versions of rules. The API server converts them. */
export class ConvertedObjects {
  readonly #client: ListClient;
  readonly #signal: AbortSignal;

  constructor(client: ListClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** Reads a page in these versions. If the server does not return an object in a version, the result for that version is an error. */
  async read(forms: readonly ApiResource[], page: PageOfObjects): Promise<(object: KubeObject) => ConvertedObject> {
    const read = new Map<string, Map<string, KubernetesObject | Error>>();
    for (const form of forms) read.set(apiVersionOf(form), await this.#inVersion(form, page));
    return (object) => (form) => read.get(apiVersionOf(form))?.get(keyOf(object));
  }

  async #inVersion(form: ApiResource, page: PageOfObjects): Promise<Map<string, KubernetesObject | Error>> {
    const found = page.items.length > fewObjects ? await this.#page(form, page) : new Map<string, KubernetesObject | Error>();
    for (const item of page.items) if (!found.has(keyOf(item))) found.set(keyOf(item), await this.#one(form, item));
    return found;
  }

  /** A continue token contains no version. The same token starts the same page in every version. */
  async #page(form: ApiResource, { items, namespace, from }: PageOfObjects): Promise<Map<string, KubernetesObject | Error>> {
    const options = { namespace, from, limit: items.length, signal: this.#signal };
    try {
      for await (const page of listPages<KubeObject>(this.#client, form, options))
        return new Map(page.items.map((item) => [keyOf(item), typed(item, form)]));
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error;
      // A failed conversion fails for every object of the page.
      return new Map(items.map((item) => [keyOf(item), error]));
    }
    return new Map();
  }

  async #one(form: ApiResource, { metadata: { namespace, name } }: KubeObject): Promise<KubernetesObject | Error> {
    try {
      const options = { namespace, fieldSelector: `metadata.name=${name}`, signal: this.#signal };
      const [item] = await listAll<KubeObject>(this.#client, form, options);
      if (item?.metadata.name === name) return typed(item, form);
      return new Error('the object is not in the list');
    } catch (error) {
      if (error instanceof KubeApiError) return error;
      throw error;
    }
  }
}

const keyOf = ({ metadata: { namespace = '', name } }: KubeObject): string => `${namespace}/${name}`;

const typed = (item: KubeObject, form: ApiResource): KubernetesObject => ({
  ...item,
  apiVersion: apiVersionOf(form),
  kind: form.kind,
});
