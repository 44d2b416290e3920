import { expect } from 'chai';
import { portsOf, PortSet } from '../../../operator/engine/network/port-set.ts';
import type { Fault } from '../../../operator/engine/outcomes/outcome.ts';

const read = (list: unknown): { readonly ports: PortSet; readonly faults: readonly string[] } => {
  const faults: Fault[] = [];
  const ports = portsOf(list, 'p', faults);
  return { ports, faults: faults.map(({ path, problem }) => `${path}: ${problem}`) };
};

type Ports = readonly (readonly ['TCP' | 'UDP' | 'SCTP', number])[];

describe('the ports of a NetworkPolicy', () => {
  it('are all without a list, and with an empty one', () => {
    for (const list of [undefined, null, []]) {
      const { ports, faults } = read(list);
      expect([ports.isAll, faults]).to.deep.equal([true, []]);
    }
  });

  const rows: readonly (readonly [entry: unknown, has: Ports, lacks: Ports, names?: readonly string[]])[] = [
    [{ port: 80 }, [['TCP', 80]], [['TCP', 79], ['TCP', 81], ['UDP', 80]]],
    [{ protocol: 'UDP', port: 53 }, [['UDP', 53]], [['TCP', 53], ['SCTP', 53]]],
    [{ port: 80, endPort: 90 }, [['TCP', 80], ['TCP', 90]], [['TCP', 79], ['TCP', 91]]],
    [{ port: 80, endPort: 80 }, [['TCP', 80]], [['TCP', 81]]],
    [{ protocol: 'SCTP' }, [['SCTP', 1], ['SCTP', 65_535]], [['TCP', 1], ['UDP', 1]]],
    [{}, [['TCP', 1], ['TCP', 65_535]], [['UDP', 1]]],
    [null, [['TCP', 1]], [['UDP', 1]]],
    [{ port: 65_535 }, [['TCP', 65_535]], [['TCP', 1]]],
    [{ port: 'http' }, [], [['TCP', 80]], ['TCP http']],
    [{ protocol: 'UDP', port: 'a' }, [], [['UDP', 80]], ['UDP a']],
  ]; // prettier-ignore
  for (const [entry, has, lacks, names = []] of rows)
    it(`of the entry ${JSON.stringify(entry)}`, () => {
      const { ports, faults } = read([entry]);
      expect(faults).to.deep.equal([]);
      for (const [protocol, port] of has) expect(ports.has(protocol, port), `${protocol} ${port}`).to.equal(true);
      for (const [protocol, port] of lacks) expect(ports.has(protocol, port), `${protocol} ${port}`).to.equal(false);
      expect([ports.names, ports.isAll]).to.deep.equal([names, false]);
    });

  const broken: readonly (readonly [list: unknown, fault: string])[] = [
    ['80', 'p: expected a list'],
    [['80'], 'p[0]: expected a map'],
    [[{ protocol: 'ICMP' }], 'p[0].protocol: expected one of TCP, UDP, SCTP'],
    [[{ port: 80 }, { port: 0 }], 'p[1].port: expected a port from 1 to 65535, or the name of a port'],
    ...['a--b', 65_536, -1, 1.5, true, '80', '', 'HTTP', '-http', 'http-', 'a_b', 'sixteen-letters-x'].map(
      (port) => [[{ port }], 'p[0].port: expected a port from 1 to 65535, or the name of a port'] as const,
    ),
    [[{ endPort: 90 }], 'p[0].endPort: endPort needs the number of a port'],
    [[{ port: 'http', endPort: 90 }], 'p[0].endPort: endPort needs the number of a port'],
    [[{ port: 80, endPort: 79 }], 'p[0].endPort: expected a port from port to 65535'],
    [[{ port: 80, endPort: 65_536 }], 'p[0].endPort: expected a port from port to 65535'],
    [[{ port: 80, endPort: '90' }], 'p[0].endPort: expected a port from port to 65535'],
  ];
  for (const [list, fault] of broken)
    it(`cannot be read in ${JSON.stringify(list)}`, () => expect(read(list).faults).to.deep.equal([fault]));

  it('are those of all entries that can be read', () => {
    const { ports } = read([{ port: 80 }, { port: 0 }, { port: 443 }, { port: 'http' }]);
    expect([ports.has('TCP', 80), ports.has('TCP', 443), ports.has('TCP', 81), ports.names]).to.deep.equal([
      true,
      true,
      false,
      ['TCP http'],
    ]);
  });

  it('of several sets are those of each', () => {
    const both = PortSet.union([read([{ port: 80 }, { port: 'http' }]).ports, read([{ port: 'http' }, { protocol: 'UDP' }]).ports]);
    expect([both.has('TCP', 80), both.has('UDP', 9), both.has('TCP', 9), both.names, both.isAll]).to.deep.equal([
      true,
      true,
      false,
      ['TCP http'],
      false,
    ]);
    expect(PortSet.union([PortSet.all, both]).isAll).to.equal(true);
    expect(PortSet.union([]).has('TCP', 80)).to.equal(false);
    const protocols = (['TCP', 'UDP', 'SCTP'] as const).map((protocol) => read([{ protocol }]).ports);
    expect([PortSet.union(protocols).isAll, PortSet.union(protocols.slice(1)).isAll]).to.deep.equal([true, false]);
  });
});
