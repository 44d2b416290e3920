import { expect } from 'chai';
import fc from 'fast-check';
import { ManifestState } from '../../../operator/cli/input/manifest-scan.ts';
import { compilePolicies } from '../../../operator/engine/policy-set.ts';

interface Block {
  readonly cidr: string;
  readonly except: readonly string[];
}
interface Rule {
  readonly to: readonly Block[];
  readonly ports: readonly { readonly port?: number; readonly endPort?: number; readonly protocol?: string }[];
}
interface Policy {
  readonly app: string | undefined;
  readonly types: readonly string[];
  readonly egress: readonly Rule[];
}

/** Blocks around the metadata service, and their last octets. Written out, so that the oracle needs no arithmetic with prefixes. */
const octets: Readonly<Record<string, readonly [number, number]>> = {
  '169.254.169.254/32': [254, 254],
  '169.254.169.252/30': [252, 255],
  '169.254.169.0/25': [0, 127],
  '169.254.169.128/25': [128, 255],
  '169.254.169.0/24': [0, 255],
};
const blocks = Object.keys(octets);
const inside = (outer: string, inner: string): boolean =>
  outer !== inner && octets[outer]![0] <= octets[inner]![0] && octets[inner]![1] <= octets[outer]![1];

const block: fc.Arbitrary<Block> = fc
  .record({ cidr: fc.constantFrom(...blocks), except: fc.subarray(blocks, { maxLength: 2 }) })
  .map(({ cidr, except }) => ({ cidr, except: except.filter((one) => inside(cidr, one)) }));
const rule: fc.Arbitrary<Rule> = fc.record({
  to: fc.array(block, { maxLength: 2 }),
  ports: fc.subarray([{ port: 80 }, { port: 443 }, { port: 1, endPort: 79 }, { port: 70, endPort: 90 }, { protocol: 'UDP' }, {}], {
    maxLength: 2,
  }),
});
const policy: fc.Arbitrary<Policy> = fc.record({
  app: fc.constantFrom('a', 'b', undefined),
  types: fc.subarray(['Ingress', 'Egress']),
  egress: fc.array(rule, { maxLength: 2 }),
});

const manifestOf = ({ app, types, egress }: Policy, index: number): Record<string, unknown> => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: `p${index}`, namespace: 'shop' },
  spec: {
    podSelector: app === undefined ? {} : { matchLabels: { app } },
    ...(types.length === 0 ? {} : { policyTypes: types }),
    egress: egress.map(({ to, ports }) => ({ to: to.map((one) => ({ ipBlock: { ...one } })), ports })),
  },
});
const podOf = (app: string): Record<string, unknown> => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: app, namespace: 'shop', labels: { app } },
  spec: { containers: [{ name: 'main', image: 'a' }] },
});

/** The verdicts by definition: policies are additive, and rules of a direction that does not apply do not count. */
function expected(policies: readonly Policy[], app: string): Record<string, string> {
  const selecting = policies.filter((one) => one.app === undefined || one.app === app);
  const applies = ({ types, egress }: Policy, type: string): boolean =>
    types.length > 0 ? types.includes(type) : type === 'Ingress' || egress.length > 0;
  const egress = selecting.filter((one) => applies(one, 'Egress'));
  const has = (text: string): boolean => octets[text]![0] <= 254 && 254 <= octets[text]![1];
  const toMetadata = ({ to }: Rule): boolean => to.length === 0 || to.some(({ cidr, except }) => has(cidr) && !except.some(has));
  const onPort = ({ ports }: Rule): boolean =>
    ports.length === 0 ||
    ports.some(({ port = 1, endPort, protocol = 'TCP', ...rest }) => {
      const every = !('port' in rest) && port === 1 && endPort === undefined;
      return protocol === 'TCP' && (every || (port <= 80 && 80 <= (endPort ?? port)));
    });
  const open = egress.length === 0 || egress.some((one) => one.egress.some((each) => toMetadata(each) && onPort(each)));
  const covered = egress.length > 0 && selecting.some((one) => applies(one, 'Ingress'));
  return { 'netpol-coverage': covered ? 'pass' : 'fail', 'netpol-metadata-egress': open ? 'fail' : 'pass' };
}

const set = compilePolicies(
  [
    {
      name: 'p',
      spec: {
        controls: [{ name: 'netpol-coverage' }, { name: 'netpol-metadata-egress', parameters: { addresses: ['169.254.169.254'] } }],
      },
    },
  ],
  { kubernetesVersion: '1.36', resources: [], systemNamespaces: [], passing: 'List' },
);

function verdictsOf(objects: readonly Record<string, unknown>[]): Record<string, Record<string, string>> {
  const state = new ManifestState(structuredClone(objects).map((object, document) => ({ object, file: 'f', document, lineOf: () => 1 })));
  const verdicts: Record<string, Record<string, string>> = {};
  for (const { check, verdict, resource } of state.scan(set).results) (verdicts[resource.name] ??= {})[check] = verdict;
  return verdicts;
}

describe('the policies of a pod', () => {
  it('allow together what each of them allows, in any order of the objects', () => {
    fc.assert(
      fc.property(fc.array(policy, { maxLength: 5 }), fc.nat(), (policies, turn) => {
        const objects = [...policies.map(manifestOf), podOf('a'), podOf('b'), podOf('c')];
        const verdicts = verdictsOf(objects);
        for (const app of ['a', 'b', 'c']) expect(verdicts[app], app).to.deep.equal(expected(policies, app));
        const from = turn % objects.length;
        expect(verdictsOf([...objects.slice(from), ...objects.slice(0, from)].toReversed())).to.deep.equal(verdicts);
      }),
      { numRuns: 300 },
    );
  });
});
