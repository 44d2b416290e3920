import { expect } from 'chai';
import { NodeAddresses } from '../../../operator/anomalies/inventory/node-addresses.ts';

const facts = (more: object = {}) =>
  ({ addresses: ['10.0.0.1', 'fd00::1'], podRanges: ['10.244.1.0/24', 'fd00:1::/64'], pool: 'p', ...more }) as never;

describe('the addresses of nodes', () => {
  const rows: readonly (readonly [address: string, owned: boolean, title: string])[] = [
    ['10.0.0.1', true, 'its own'],
    ['fd00::1', true, 'its own of version 6'],
    ['10.0.0.2', false, 'of another node'],
    ['10.244.1.0', true, 'the first of its pods'],
    ['10.244.1.255', true, 'the last of its pods'],
    ['10.244.2.0', false, 'of the pods of another node'],
    ['fd00:1::9', true, 'of a pod of version 6'],
    ['fd00:2::9', false, 'of no range of version 6'],
    ['none', false, 'no address'],
  ];
  for (const [address, owned, title] of rows)
    it(`${owned ? 'include' : 'do not include'} ${address}: ${title}`, () => {
      const nodes = new NodeAddresses();
      nodes.set('n', facts(), 0);
      expect(nodes.owns('n', address)).to.equal(owned);
      expect(nodes.owns('other', address)).to.equal(false);
    });

  const ranges: readonly (readonly [range: string, address: string, owned: boolean])[] = [
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.0.0.0/7', '10.9.9.9', false],
    ['10.9.9.9/32', '10.9.9.9', true],
    ['10.9.9.9/33', '10.9.9.9', false],
    ['10.9.9.9', '10.9.9.9', false],
    ['fd00::/16', 'fd00::9', true],
    ['fd00::/15', 'fd00::9', false],
    ['fd00::9/128', 'fd00::9', true],
    ['fd00::9/129', 'fd00::9', false],
    ['x/24', '10.9.9.9', false],
  ];
  for (const [range, address, owned] of ranges)
    it(`${owned ? 'read' : 'leave out'} the range ${range}`, () => {
      const nodes = new NodeAddresses();
      nodes.set('n', facts({ podRanges: [range] }), 0);
      expect(nodes.owns('n', address)).to.equal(owned);
    });

  it('are those of any node, with its pool, until it is removed', () => {
    const nodes = new NodeAddresses();
    nodes.set('n', facts(), 0);
    expect([nodes.has('n'), nodes.pool('n'), nodes.isAnyNode('10.0.0.1'), nodes.isAnyNode('10.244.1.1')]).to.deep.equal([
      true,
      'p',
      true,
      false,
    ]);
    nodes.set('n', undefined, 0);
    expect([nodes.has('n'), nodes.pool('n'), nodes.isAnyNode('10.0.0.1'), nodes.owns('n', '10.0.0.1')]).to.deep.equal([
      false,
      undefined,
      false,
      false,
    ]);
  });

  it('know whether requests of a node arrive from them, also after it changes', () => {
    const nodes = new NodeAddresses();
    nodes.sawDirect('n');
    expect(nodes.isDirect('n'), 'not known').to.equal(false);
    nodes.set('n', facts(), 0);
    expect(nodes.isDirect('n')).to.equal(false);
    nodes.sawDirect('n');
    nodes.set('n', facts({ addresses: ['10.0.0.9'] }), 0);
    expect([nodes.isDirect('n'), nodes.owns('n', '10.0.0.1'), nodes.owns('n', '10.0.0.9')]).to.deep.equal([true, false, true]);
  });

  it('call an address a translation after three tokens, and keep at most three of 512 addresses', () => {
    const nodes = new NodeAddresses();
    for (const token of ['a', 'a', 'b']) nodes.learnHop('192.0.2.1', token);
    expect(nodes.isTranslation('192.0.2.1')).to.equal(false);
    for (const token of ['c', 'd']) nodes.learnHop('192.0.2.1', token);
    expect([nodes.isTranslation('192.0.2.1'), nodes.isTranslation('192.0.2.2')]).to.deep.equal([true, false]);
    expect(nodes.saveHops()).to.deep.equal([['192.0.2.1', ['a', 'b', 'c']]]);
    for (let index = 0; index < 600; index++) nodes.learnHop(`hop-${index}`, 'a');
    expect(nodes.saveHops()).to.have.length(512);
    const loaded = new NodeAddresses();
    loaded.loadHops([...nodes.saveHops(), ['more', ['a', 'b', 'c']]]);
    expect([loaded.isTranslation('192.0.2.1'), loaded.isTranslation('more'), loaded.saveHops().length]).to.deep.equal([true, false, 512]);
  });
});
