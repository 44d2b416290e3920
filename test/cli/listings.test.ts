import { expect } from 'chai';
import { detections } from '../../operator/catalogue/detections/detections.ts';
import { equivalents, tools } from '../../operator/catalogue/equivalents.ts';
import { catalogue } from '../../operator/catalogue/controls/catalogue.ts';
import { run as controls } from '../../operator/cli/controls.ts';
import { run as explain } from '../../operator/cli/explain.ts';
import { run as test } from '../../operator/cli/test.ts';
import { runCommand } from './command-fixture.ts';

const outOf = async (...args: Parameters<typeof runCommand>): Promise<string> => (await runCommand(...args)).out;

describe('vigil controls as a table', () => {
  it('has the controls below their category, the detections, the counts and the frameworks', async () => {
    const lines = (await outOf(controls, [])).split('\n');
    expect(lines[0]).to.equal('Pod Security Standards, baseline');
    const categories = [...new Set(catalogue.map(({ category }) => category))];
    for (const category of categories.slice(1)) expect(lines[lines.indexOf(category) - 1], category).to.equal('');
    const width = Math.max(...catalogue.map(({ id }) => id.length));
    for (const { id, severity, title } of catalogue) expect(lines).to.include(`  ${id.padEnd(width)}  ${severity.padEnd(8)}  ${title}`);
    for (const { id } of detections)
      expect(
        lines.some((line) => line.startsWith(`  ${id} `)),
        id,
      ).to.equal(true);
    expect(lines.slice(-4)).to.deep.equal([
      '',
      `${catalogue.length} controls and ${detections.length} detections. Run vigil explain ID for details.`,
      'Frameworks: pss-baseline 1.0–1.37, pss-restricted 1.0–1.37, cis 1.8–1.12, cis-eks 1.7–1.8, cis-aks 1.8, cis-gke 1.9, nsa 1.2, mitre-containers 16, nist-800-190 1, pci-dss 4.0, soc2 2017, gdpr 2016, vigil 1–2',
      '',
    ]);
  });

  it('has no detections with a framework, and only its controls', async () => {
    const out = await outOf(controls, ['--framework', 'pss-baseline@1.20']);
    expect(out)
      .to.match(/\n\d+ controls\. Run vigil explain ID for details\.\n/)
      .and.to.include('  host-pid ');
    expect(out).not.to.include('host-probe-lifecycle').and.not.to.include(detections[0]?.id);
  });
});

describe('vigil controls --map', () => {
  const rows = async (name: string): Promise<string[]> => (await outOf(controls, ['--map', name])).trimEnd().split('\n');

  it('lists the checks of a tool, in any case, each with the controls that answer it', async () => {
    const own = equivalents.filter(({ tool }) => tool === 'polaris');
    const width = Math.max(...own.map(({ id }) => id.length));
    const expected = own.map(
      ({ id, controls: names }) => `polaris      ${id.padEnd(width)}  ${names.length === 0 ? '(no control)' : names.join(', ')}`,
    );
    expect(await rows('polaris')).to.deep.equal(expected);
    expect(await rows('Polaris')).to.deep.equal(expected);
    expect(expected.some((line) => line.endsWith('(no control)'))).to.equal(own.some(({ controls: names }) => names.length === 0));
  });

  it('lists one check, and the checks of a control', async () => {
    const ofControl = equivalents.filter(({ controls: names }) => names.includes('host-pid'));
    expect(ofControl.length).to.be.greaterThan(2);
    expect((await rows('host-pid')).map((line) => line.split(/ +/)[1])).to.have.members(ofControl.map(({ id }) => id));
    const [first] = ofControl;
    expect((await rows(first?.id ?? '')).join()).to.match(/host-pid/);
  });

  it('says that a control has no equivalent', async () => {
    const alone = catalogue.find(({ id }) => !equivalents.some(({ controls: names }) => names.includes(id)));
    expect(await outOf(controls, ['--map', alone?.id ?? ''])).to.equal(`${alone?.id} has no equivalent in ${tools.join(', ')}\n`);
  });

  it('prints JSON', async () => {
    const document = JSON.parse(await outOf(controls, ['--map', 'trivy', '-o', 'json'])) as { equivalents: { tool: string }[] };
    expect(document.equivalents).to.have.length(equivalents.filter(({ tool }) => tool === 'trivy').length);
    expect(new Set(document.equivalents.map(({ tool }) => tool))).to.deep.equal(new Set(['trivy']));
  });

  it('refuses a name that is neither a tool, a check nor a control', async () => {
    const { code, out, error } = await runCommand(controls, ['--map', 'trivi']);
    expect([code, out]).to.deep.equal([2, '']);
    expect(error).to.include("--map: no check, control or tool 'trivi' is known (did you mean 'trivy'?)");
  });
});

describe('the kinds that vigil explain names', () => {
  const kindsOf = async (id: string): Promise<string | undefined> => /^Kinds: {4}(.*)$/m.exec(await outOf(explain, [id]))?.[1];
  const texts = {
    workloads: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, PodTemplate',
    longRunning: 'Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, PodTemplate',
    namespaced: 'all namespaced objects',
    manifests: 'all kinds of Kubernetes, in files only: the API server checks the objects of a cluster itself',
  } as const;
  for (const [kinds, text] of Object.entries(texts))
    it(`are ${text}`, async () => {
      const control = catalogue.find((one) => one.kinds === kinds);
      expect(await kindsOf(control?.id ?? '')).to.equal(text);
    });

  it('are the names without groups for a list', async () => {
    const control = catalogue.find(
      ({ kinds }) => typeof kinds !== 'string' && kinds.length > 1 && kinds.some((kind) => kind.includes('.')),
    );
    const named = (control?.kinds as readonly string[]).map((kind) =>
      kind in texts ? texts[kind as keyof typeof texts] : kind.split('.')[0],
    );
    expect(await kindsOf(control?.id ?? '')).to.equal(named.join(', '));
  });
});

describe('vigil explain', () => {
  it('lists the frameworks of a control, without that of Vigil', async () => {
    expect((await outOf(explain, ['host-pid'])).split('\nFrameworks:\n')[1]).to.equal(
      ['pss-baseline@1.37: Host Namespaces', 'pss-restricted@1.37: Host Namespaces', 'cis@1.12: 5.2.3', 'cis-eks@1.8: 4.2.2', 'cis-aks@1.8: 4.2.2', 'mitre-containers@16: T1611', 'nist-800-190@1: 4.5.2', 'pci-dss@4.0: 2.2.4, 2.2.6', 'soc2@2017: CC6.8', 'gdpr@2016: 32(1)(b)'].map((line) => `  ${line}\n`).join(''),
    ); // prettier-ignore
  });

  for (const detection of detections)
    it(`says what ${detection.id} needs, and what is normal`, async () => {
      const out = await outOf(explain, [detection.id]);
      expect(out)
        .to.include(`${detection.id}: ${detection.title}\n`)
        .and.to.include(`MITRE:    ${detection.techniques.join(', ')}\n`);
      const normal = {
        invariant: 'The behaviour is never normal: reported from the first moment on.',
        'first-seen': 'What the same user or workload did before is normal.',
        rate: 'What the same user or workload did in ten minutes of the last 14 days is normal.',
      };
      expect(out).to.include(normal[detection.normal]);
      const texts = { watch: 'changes of objects', audit: 'audit events', 'audit-request': 'audit events with the request for a token' };
      const list = (names: readonly (keyof typeof texts)[]): string => names.map((name) => texts[name]).join(', ');
      const adds = detection.adds === undefined || detection.adds.length === 0 ? '' : ` (better with ${list(detection.adds)})`;
      expect(out).to.include(`Needs:    ${list(detection.needs)}${adds}\n`);
    });
});

describe('a case of vigil test', () => {
  it('needs what it expects', async () => {
    const document = { apiVersion: 'vigil.dev/v1alpha1', kind: 'PolicyTest', cases: [{ name: 'a', policy: {}, objects: [] }] };
    const { code, error } = await runCommand(test, ['-'], JSON.stringify(document));
    expect(code).to.equal(2);
    expect(error).to.match(/cases\[0\].*set expect, results, or both/);
  });
});
