import { expect } from 'chai';
import { request } from 'undici';
import { applyManifestDefaults } from '../../../operator/engine/pods/manifest-defaults.ts';
import { builtinKindOf } from '../../../operator/engine/schema/builtin-kind.ts';
import { schemaNode, type SchemaField } from '../../../operator/engine/schema/schema-node.ts';
import type { KubeClient } from '../../../operator/kube/client/kube-client.ts';
import { type Random, randomValue, seeded } from '../../engine/schema/random-object.ts';
import { testClient } from '../cluster-access.ts';
import { baseManifests } from './base-manifests.ts';
import { differencesOf } from './object-differences.ts';

type Fields = Record<string, unknown>;

/** What the server sets from a clock, at random, from its own state, or in the status. */
const set = [
  /\.status($|\.)/,
  /^\w+\.metadata\.(uid|creationTimestamp|generation|resourceVersion|managedFields|finalizers|annotations)/,
  /^Service\.spec\.(clusterIPs?|ipFamil\w+|ports\[\]\.nodePort|healthCheckNodePort)/,
  /^Job\.(spec\.selector|spec\.template\.metadata\.labels|metadata\.labels)/,
  // The token of the service account.
  /^Pod\.spec\.(volumes|containers\[\]\.volumeMounts|initContainers\[\]\.volumeMounts)/,
  /^Namespace\.spec\.finalizers/,
  /^Node\.spec\.taints/,
  /^ResourceSlice\.spec\.devices\[\]\.taints\[\]\.timeAdded/,
  /^CustomResourceDefinition\.spec\.(conversion|versions\[\]\.schema)/,
  /^Secret\.stringData|^Secret\.data/,
  // Fields that the server drops: deprecated ones, those of features that are off, and parts of references.
  /^(Lease\.spec\.(strategy|preferredHolder)|Node\.spec\.configSource|CSIDriver\.spec\.preventPodSchedulingIfMissing)/,
  /^(PersistentVolumeClaim|StatefulSet)\.spec\.(.*\.)?dataSource(Ref)?$|^ServiceAccount\.secrets|\.deprecatedTopology$|\.schedulingGroup$/,
];

/** An empty list is null after the server stored it. A policy still sees the list. */
const isStoredEmpty = (text: string): boolean => text === '[], the server has null';

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets a random field somewhere in a map that follows a node of the schema. */
function vary(random: Random, fields: Fields, index: number): void {
  const node = schemaNode(index);
  if (node === undefined) return;
  const inner = Object.entries(fields).flatMap(([name, value]): [Fields, number][] => {
    const field: SchemaField | undefined = node.fields.get(name);
    if (field === undefined || name === 'metadata' || field.node < 0) return [];
    if (isMap(value)) return [[value, field.node]];
    return Array.isArray(value) ? value.filter(isMap).map((item): [Fields, number] => [item, field.node]) : [];
  });
  const next = inner[Math.floor(random() * inner.length)];
  if (next !== undefined && random() < 0.85) {
    vary(random, ...next);
    return;
  }
  const open = [...node.fields].filter(([name]) => fields[name] === undefined && name !== 'status' && name !== 'metadata');
  const [name, field] = open[Math.floor(random() * open.length)] ?? [];
  if (name !== undefined && field !== undefined) fields[name] = randomValue(random, node, name, field);
}

class Server {
  readonly #client: KubeClient;

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** Returns the object as the server would store it. Undefined if it refuses it. */
  async dryRun(object: Fields): Promise<Fields | undefined> {
    const [group = '', version = ''] = String(object['apiVersion']).includes('/')
      ? String(object['apiVersion']).split('/')
      : ['', String(object['apiVersion'])];
    const kind = builtinKindOf(group, version, String(object['kind']));
    if (kind === undefined) throw new Error(`no kind ${String(object['kind'])}`);
    const { server, headers, pool } = await this.#client.credentials.current();
    const base = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
    const place = kind.namespaced ? '/namespaces/default' : '';
    const response = await request(`${server}${base}${place}/${kind.resource}?dryRun=All&fieldValidation=Ignore`, {
      method: 'POST',
      dispatcher: pool('shared'),
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    const answer = (await response.body.json()) as Fields;
    return response.statusCode < 300 ? answer : undefined;
  }
}

describe('the defaults of manifests compared with the dry run of an API server', function () {
  this.timeout(180_000);
  const client = testClient();
  const server = new Server(client);
  const served = new Map<string, number>();
  const differences = new Map<string, string>();
  after(() => client.credentials.close());

  async function compare(object: Fields): Promise<void> {
    const answer = await server.dryRun(object);
    if (answer === undefined) return;
    const kind = String(object['kind']);
    served.set(kind, (served.get(kind) ?? 0) + 1);
    const ours = structuredClone(object);
    applyManifestDefaults(ours, { namespaced: isMap(answer['metadata']) && answer['metadata']['namespace'] !== undefined });
    for (const [path, text] of differencesOf(ours, answer, kind))
      if (!isStoredEmpty(text) && !set.some((pattern) => pattern.test(path))) differences.set(path, text);
  }

  it('has an object of each kind that the server accepts', async () => {
    for (const object of baseManifests) await compare(object);
    expect([...differences]).to.deep.equal([]);
    const refused = baseManifests.map(({ kind }) => String(kind)).filter((kind) => !served.has(kind));
    expect(refused).to.deep.equal([]);
  });

  it('makes the same of 2,000 random objects', async () => {
    const random = seeded(20_261_130);
    let sent = 0;
    const total = (): number => [...served.values()].reduce((sum, count) => sum + count, 0);
    while (total() < 2000 && sent < 8000) {
      const batch = Array.from({ length: 16 }, () => {
        const object = structuredClone(baseManifests[sent % baseManifests.length]!);
        sent += 1;
        const apiVersion = String(object['apiVersion']);
        const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
        const node = builtinKindOf(group ?? '', version ?? '', String(object['kind']))?.node ?? -1;
        for (let count = 1 + Math.floor(random() * 3); count > 0; count -= 1) vary(random, object, node);
        return object;
      });
      await Promise.all(batch.map(compare));
    }
    expect([...differences].slice(0, 20)).to.deep.equal([]);
    expect(total()).to.be.at.least(2000);
  });
});
