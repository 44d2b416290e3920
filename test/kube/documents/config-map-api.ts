import type { ServerResponse } from 'node:http';
import type { DocumentConfigMap } from '../../../operator/kube/documents/document-config-map.ts';
import { ApiDouble, says, type SeenCall } from '../api-double.ts';

/** The response to one call. Undefined: the default behavior. */
export type Interference = (call: SeenCall) => ((answer: ServerResponse) => void) | 'after' | undefined;

const failure = (code: number, reason: string): ((answer: ServerResponse) => void) =>
  says({ kind: 'Status', code, reason, message: reason }, code);

/** A fake API for the ConfigMaps of one namespace, with names, labels, resourceVersions and preconditions, for errors that a real server rarely returns. */
export class ConfigMapApi {
  readonly double = new ApiDouble();
  readonly kept = new Map<string, DocumentConfigMap>();
  /** Called before each request. `after` executes the request and drops the response. */
  interfere: Interference = () => undefined;
  #version = 0;

  constructor() {
    this.double.answers = [(answer, call) => this.#serve(answer, call)];
  }

  get names(): string[] {
    return [...this.kept.keys()].toSorted();
  }

  #serve(answer: ServerResponse, call: SeenCall): void {
    const instead = this.interfere(call);
    if (instead === 'after') {
      this.#answerTo(call);
      answer.destroy();
    } else (instead ?? this.#answerTo(call))(answer);
  }

  #answerTo({ method, url, body }: SeenCall): (answer: ServerResponse) => void {
    const { pathname, searchParams } = new URL(url, 'http://double');
    const name = pathname.split('/')[6];
    if (method === 'POST') return this.#create(JSON.parse(body) as DocumentConfigMap);
    if (name === undefined) return says({ metadata: {}, items: this.#select(searchParams.get('labelSelector') ?? '') });
    const found = this.kept.get(name);
    if (!found) return failure(404, 'NotFound');
    if (method === 'PUT') return this.#replace(found, JSON.parse(body) as DocumentConfigMap);
    return method === 'DELETE' ? this.#delete(found, body) : says(found);
  }

  #create(object: DocumentConfigMap): (answer: ServerResponse) => void {
    const { name } = object.metadata;
    if (this.kept.has(name)) return failure(409, 'AlreadyExists');
    return this.#keep({
      ...object,
      metadata: { ...object.metadata, uid: `uid-${++this.#version}`, creationTimestamp: new Date().toISOString() },
    });
  }

  #replace({ metadata }: DocumentConfigMap, object: DocumentConfigMap): (answer: ServerResponse) => void {
    if (object.metadata.resourceVersion !== metadata.resourceVersion) return failure(409, 'Conflict');
    return this.#keep({ ...object, metadata: { ...metadata, ...object.metadata } });
  }

  #delete({ metadata: { name, uid } }: DocumentConfigMap, body: string): (answer: ServerResponse) => void {
    const { preconditions } = JSON.parse(body) as { preconditions: { uid?: string } };
    if (preconditions.uid !== undefined && preconditions.uid !== uid) return failure(409, 'Conflict');
    this.kept.delete(name);
    return says({ kind: 'Status', status: 'Success' });
  }

  #keep(object: DocumentConfigMap): (answer: ServerResponse) => void {
    const kept = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.kept.set(kept.metadata.name, kept);
    return says(kept);
  }

  /** Evaluates the selectors that Vigil uses: equality, existence, absence and sets. */
  #select(selector: string): DocumentConfigMap[] {
    const holds = (labels: Readonly<Record<string, string>>, part: string): boolean => {
      const [, set, members = ''] = /^(\S+) in \((.*)\)$/.exec(part) ?? [];
      if (set !== undefined) return members.split(',').includes(labels[set] ?? '');
      if (part.startsWith('!')) return labels[part.slice(1)] === undefined;
      const [label = '', value] = part.split('=');
      return value === undefined ? labels[label] !== undefined : labels[label] === value;
    };
    return [...this.kept.values()].filter(({ metadata }) =>
      selector.split(/,(?![^(]*\))/).every((part) => holds(metadata.labels ?? {}, part)),
    );
  }
}
