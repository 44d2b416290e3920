import { expect } from 'chai';
import { catalogue, controlById } from '../../../operator/catalogue/controls/catalogue.ts';
import { frameworkRow, requirementOutcomes } from '../../../operator/catalogue/frameworks/framework-rows.ts';
import { type Framework, frameworkVersions, newestMinor, resolveFramework } from '../../../operator/catalogue/frameworks/framework.ts';
import { placementOf, placements } from './placements.ts';
import { suggestion } from '../../../operator/catalogue/suggestion.ts';

function framework(name: string, version?: string, kubernetesVersion?: string): Framework {
  const found = resolveFramework(name, version, kubernetesVersion);
  if (!found.ok) throw new Error(found.message);
  return found.framework;
}
const idsOf = (name: string, version?: string): string[] => framework(name, version).controls.map(({ id }) => id);

describe('the catalogue', () => {
  it('has 86 essential controls with unique ids', () => {
    expect(catalogue.filter(({ essential }) => essential)).to.have.length(86);
    expect(new Set(catalogue.map(({ id }) => id)).size).to.equal(catalogue.length);
  });

  it('reads both kinds of autoscalers for every control about the number of pods', () => {
    for (const id of ['deployment-replicas', 'replicas-spread', 'pdb-zero-disruption'])
      expect(controlById(id)?.crossObject?.reads, id).to.include.members(['HorizontalPodAutoscaler.autoscaling', 'ScaledObject.keda.sh']);
  });

  it('has checks, a reason, a fix and an example for every control', () => {
    for (const control of catalogue) {
      const kinds = [control.checks, control.builtin, control.crossObject, control.argument].filter((kind) => kind !== undefined);
      expect(kinds, control.id).to.have.length(1);
      expect(control.why, control.id).to.match(/^[A-Za-z].*\.$/s);
      expect(control.fix, control.id).to.match(/^[A-Z].*\.$/s);
      expect(control.example.before, control.id).not.to.equal(control.example.after);
      expect(control.id, control.id).to.match(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    }
  });

  it('has the severity, the kinds and the requirements of every control that its specification lists', () => {
    expect(catalogue.map(placementOf)).to.deep.equal(placements);
  });

  it('has a message for every control that names what is wrong', () => {
    expect(catalogue.filter(({ message }) => !/^\S.*[^.\s]$/s.test(message)).map(({ id }) => id)).to.deep.equal([]);
  });

  it('has no control that reports the same fact as itself, through whatever others', () => {
    const reached = (ids: readonly string[], known: ReadonlySet<string> = new Set()): ReadonlySet<string> =>
      ids.reduce((all, id) => (all.has(id) ? all : reached(controlById(id)?.sameFactAs ?? [], new Set([...all, id]))), known);
    expect(catalogue.filter(({ id, sameFactAs = [] }) => reached(sameFactAs).has(id)).map(({ id }) => id)).to.deep.equal([]);
    expect(catalogue.flatMap(({ sameFactAs = [] }) => sameFactAs.filter((id) => !controlById(id)))).to.deep.equal([]);
  });

  it('finds a control by id, and suggests one for a mistyped id', () => {
    expect(controlById('host-pid')?.severity).to.equal('high');
    expect(controlById('host-pidd')).to.equal(undefined);
    expect(
      suggestion(
        'priviledged-container',
        catalogue.map(({ id }) => id),
      ),
    ).to.equal('privileged-container');
    expect(
      suggestion(
        'something-else-entirely',
        catalogue.map(({ id }) => id),
      ),
    ).to.equal(undefined);
  });
});

describe('the Pod Security Standards by version', () => {
  const appears: readonly [string, 'pss-baseline' | 'pss-restricted', number][] = [
    ['host-probe-lifecycle', 'pss-baseline', 34],
    ['privilege-escalation', 'pss-restricted', 8],
    ['seccomp-required', 'pss-restricted', 19],
    ['capabilities-drop-all', 'pss-restricted', 22],
    ['run-as-user-root', 'pss-restricted', 23],
    ['proc-mount-restricted', 'pss-restricted', 35],
    ['volume-types', 'pss-restricted', 0],
    ['privileged-container', 'pss-baseline', 0],
  ];
  for (const [id, standard, since] of appears) {
    it(`${id} is in ${standard} from 1.${since}`, () => {
      for (let minor = 0; minor <= newestMinor; minor += 1)
        expect(idsOf(standard, `1.${minor}`).includes(id), `1.${minor}`).to.equal(minor >= since);
    });
  }

  const replaced: readonly [string, string, number][] = [
    ['host-path-volume', 'volume-types', 0],
    ['seccomp-unconfined', 'seccomp-required', 19],
    ['capabilities-baseline', 'capabilities-drop-all', 22],
    ['proc-mount', 'proc-mount-restricted', 35],
  ];
  for (const [twin, id, since] of replaced) {
    it(`${id} replaces ${twin} in restricted from 1.${since}`, () => {
      for (let minor = 0; minor <= newestMinor; minor += 1)
        expect(idsOf('pss-restricted', `1.${minor}`).includes(twin), `1.${minor}`).to.equal(minor < since);
    });
  }

  it('use the version of the cluster, at most the newest known one, when no version is set', () => {
    expect(framework('pss-baseline', undefined, '1.30').version).to.equal('1.30');
    expect(framework('pss-baseline', 'latest', 'v1.31.4').version).to.equal('1.31');
    expect(framework('pss-baseline', 'latest', '1.99').version).to.equal(`1.${newestMinor}`);
    expect(framework('pss-baseline', 'v1.20').version).to.equal('1.20');
  });
});

describe('frameworks', () => {
  it('use the numbers of each version of the CIS benchmark', () => {
    const serving = (version: string, id: string): readonly string[] | undefined =>
      framework('cis', version).requirements.find((requirement) => requirement.id === id)?.controls;
    expect(serving('1.8', '5.2.12')).to.include('host-path-volume');
    expect(serving('1.11', '5.2.12')).to.include('host-path-volume');
    expect(serving('1.12', '5.2.11')).to.include('host-path-volume');
    expect(serving('1.8', '5.7.4')).to.deep.equal(['default-namespace']);
    expect(serving('1.11', '5.6.4')).to.deep.equal(['default-namespace']);
    expect(serving('1.11', '5.7.4')).to.equal(undefined);
    expect(serving('1.12', '5.2.9')).to.deep.equal(['capabilities-drop-all']);
    expect(serving('1.8', '5.2.9')).to.include.members(['capabilities-baseline', 'dangerous-capabilities']);
    expect(serving('1.12', '5.1.3')).to.have.members(['rbac-wildcard-all', 'rbac-wildcard-verbs', 'rbac-wildcard-resources']);
  });

  it('list only existing controls, each once', () => {
    for (const { name, versions } of frameworkVersions()) {
      for (const version of versions) {
        const { controls, requirements } = framework(name, version);
        expect(controls.length, `${name}@${version}`).to.be.greaterThan(0);
        for (const requirement of requirements)
          expect(new Set(requirement.controls).size, requirement.id).to.equal(requirement.controls.length);
      }
    }
  });

  it('have a requirement for every id that a control lists', () => {
    const ids = (name: string, version?: string): Set<string> => new Set(framework(name, version).requirements.map(({ id }) => id));
    for (const { id, placement } of catalogue) {
      for (const nsa of placement.nsa ?? []) expect(ids('nsa').has(nsa), `${id} ${nsa}`).to.equal(true);
      for (const nist of placement.nist ?? []) expect(ids('nist-800-190').has(nist), `${id} ${nist}`).to.equal(true);
      for (const technique of placement.mitre ?? []) expect(ids('mitre-containers').has(technique), `${id} ${technique}`).to.equal(true);
      for (const cis of placement.cis ?? []) {
        const [before = '', after = before] = cis.split('/');
        expect(before === '-' ? ids('cis', '1.11').has(after) : ids('cis', '1.8').has(before), `${id} ${cis}`).to.equal(true);
      }
    }
  });

  it('suggest a name or a version when it is unknown', () => {
    expect(resolveFramework('pss-restrcted', undefined, undefined)).to.deep.include({ ok: false });
    const unknown = resolveFramework('pss-restrcted', undefined, undefined);
    expect(unknown.ok ? '' : unknown.message).to.include("did you mean 'pss-restricted'?");
    const version = resolveFramework('cis', '1.7', undefined);
    expect(version.ok ? '' : version.message).to.include("no version '1.7'");
  });

  it('count requirements by state: failed before excepted, and manual without controls', () => {
    const cis = framework('cis', '1.12');
    const tally = (pass: number, fail: number, extra = {}): { pass: number; fail: number; error: number; skip: number } => ({
      pass,
      fail,
      error: 0,
      skip: 0,
      ...extra,
    });
    const tallies = new Map([
      ['rbac-wildcard-all', tally(3, 0)],
      ['rbac-wildcard-verbs', tally(2, 1)],
      ['host-pid', tally(5, 0)],
      ['host-ipc', tally(5, 0, { excepted: 1 })],
      ['trusted-registries', tally(0, 0, { skip: 5 })],
    ]);
    const state = (id: string): string | undefined =>
      requirementOutcomes(cis, tallies).find(({ requirement }) => requirement.id === id)?.state;
    expect(['5.1.3', '5.2.3', '5.2.4', '5.3.1', '5.2.5', '5.5.1'].map(state)).to.deep.equal([
      'failed',
      'passed',
      'excepted',
      'manual',
      'notEvaluated',
      'manual',
    ]);
    const row = frameworkRow(cis, tallies);
    expect(row.passed + row.failed + row.excepted + row.manual + row.notEvaluated).to.equal(cis.requirements.length);
    expect(row).to.deep.include({ name: 'cis', version: '1.12', passed: 1, failed: 1, excepted: 1 });
  });
});
