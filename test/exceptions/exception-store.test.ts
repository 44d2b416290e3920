import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { deniesExcepted, ExceptionStore, type ExceptionSources } from '../../operator/exceptions/exception-store.ts';
import { clusterException, exception, now, subject, target } from '../findings/waivers/samples.ts';

describe('the names that exceptions can name', () => {
  const policy: SecurityPolicy = { metadata: { name: 'p' }, spec: { admissionPolicies: { selector: {} } } };
  const named = exception({ checks: [{ name: 'few-replicas.example.com' }] });
  let selected: readonly string[] | undefined;
  const store = (): ExceptionStore =>
    new ExceptionStore({
      exceptions: { list: () => [{ ...named, spec: { ...named.spec, checks: [{ name: 'few-replicas.example.com' }] } }] },
      clusterExceptions: { list: () => [] },
      policies: { list: () => [policy] },
      namespaces: { list: () => [] },
      clock: () => 0,
      isComplete: () => true,
      selectedNames: () => selected,
    });

  it('include those of selected ValidatingAdmissionPolicies', () => {
    selected = ['few-replicas.example.com'];
    expect([store().problemsOf(named), store().isUsable(named)]).to.deep.equal([[], true]);
    expect(
      store()
        .current()
        .set.waivers.map(({ id }) => id),
    ).to.deep.equal(['web/legacy']);
    selected = ['other'];
    expect(store().problemsOf(named).join()).to.contain("has the name 'few-replicas.example.com'");
    expect(store().isUsable(named)).to.equal(false);
  });

  it('are not refused as long as the selected policies were not read', () => {
    selected = undefined;
    expect([store().problemsOf(named), store().isUsable(named)]).to.deep.equal([[], true]);
  });
});

describe('deniesExcepted', () => {
  for (const [what, spec, denies] of [
    ['denies by default what exceptions cover', { enforcement: [{ actions: ['Deny'] }] }, true],
    ['denies it with exceptions only in reports', { enforcement: [{ actions: ['Deny'] }], exceptions: { allow: 'ReportOnly' } }, true],
    ['denies it with one of several actions', { enforcement: [{ actions: ['Audit'] }, { actions: ['Warn', 'Deny'] }] }, true],
    ['does not deny it if it allows all exceptions', { enforcement: [{ actions: ['Deny'] }], exceptions: { allow: 'All' } }, false],
    ['does not deny it if it denies nothing', { enforcement: [{ actions: ['Audit', 'Warn'] }] }, false],
    ['does not deny it without enforcement', {}, false],
  ] as const)
    it(`a policy ${what}`, () => expect(deniesExcepted({ metadata: { name: 'p' }, spec: spec as never })).to.equal(denies));
});

describe('the store of exceptions', () => {
  const policies: SecurityPolicy[] = [
    { metadata: { name: 'baseline' }, spec: { rules: [{ name: 'team-label' }] as never, exceptions: { allow: 'All' } } },
    { metadata: { name: 'strict' }, spec: { enforcement: [{ actions: ['Deny'] }] as never } },
  ];
  let sources: { exceptions: unknown[]; isComplete: boolean; namespaces: { metadata: object }[] };
  let store: ExceptionStore;
  beforeEach(() => {
    sources = {
      exceptions: [exception()],
      isComplete: true,
      namespaces: [{ metadata: { name: 'web', labels: { tier: 'prod' } } }, { metadata: { name: 'bare' } }],
    };
    store = new ExceptionStore({
      exceptions: { list: () => sources.exceptions },
      clusterExceptions: { list: () => [clusterException({ namespaces: { selector: { matchLabels: { tier: 'prod' } } } })] },
      policies: { list: () => policies },
      namespaces: { list: () => sources.namespaces },
      clock: () => now,
      isComplete: () => sources.isComplete,
    } as unknown as ExceptionSources);
  });
  const ids = (): readonly string[] => store.current().set.waivers.map(({ id }) => id);
  const decided = (namespace: string, check = 'run-as-non-root'): unknown =>
    store.current().set.decide(subject({ check }), target({ namespace }), now);

  it('has the exceptions of both kinds by id, with the bounds of policies and the time', () => {
    expect([...store.all().keys()]).to.deep.equal(['web/legacy', 'legacy']);
    expect([...store.policyBounds()]).to.deep.equal([
      ['baseline', { allow: 'All' }],
      ['strict', undefined],
    ]);
    expect([...store.denyingPolicies()]).to.deep.equal(['strict']);
    expect(store.namespaces()).to.deep.equal(['web', 'bare']);
    expect(store.current().now).to.equal(now);
    expect(store.current().set.boundsOf('baseline')).to.deep.equal({ allow: 'All' });
  });

  it('leaves out entries with problems, and lists the exception nevertheless', () => {
    const wrong = exception({ checks: [{ name: 'unknown-check' }] }, { name: 'wrong' });
    const part = exception({ checks: [{ name: 'unknown-check' }, { name: 'team-label' }] }, { name: 'part' });
    sources.exceptions = [wrong, part];
    expect(ids()).to.deep.equal(['web/part', 'legacy']);
    expect([...store.all().keys()]).to.deep.equal(['web/wrong', 'web/part', 'legacy']);
    expect([wrong, part].map((each) => [store.problemsOf(each).length, store.isUsable(each)])).to.deep.equal([
      [1, false],
      [1, true],
    ]);
    expect(store.problemsOf(part)[0]).to.match(/^spec\.checks\[0\]\.name: no control and no rule/);
    expect(decided('web', 'team-label')).to.deep.include({ kind: 'excepted', ids: ['web/part'] });
  });

  it('compiles the exceptions once until a cache changes', () => {
    const { set } = store.current();
    sources.exceptions = [];
    expect(store.current().set).to.equal(set);
    store.invalidate();
    expect(ids()).to.deep.equal(['legacy']);
  });

  it('selects namespaces by their labels, also one without labels', () => {
    sources.exceptions = [];
    expect(decided('web')).to.deep.include({ kind: 'excepted', ids: ['legacy'] });
    expect([decided('bare'), decided('gone')]).to.deep.equal([undefined, undefined]);
    const [, bare] = sources.namespaces;
    (bare?.metadata as { labels: object }).labels = { tier: 'prod' };
    store.invalidate();
    expect(decided('bare')).to.deep.include({ kind: 'excepted' });
  });

  it('gives a namespace without labels to exceptions that select any namespace', () => {
    const any = new ExceptionStore({
      exceptions: { list: () => [] },
      clusterExceptions: { list: () => [clusterException({ namespaces: { selector: {} } })] as never },
      policies: { list: () => [] },
      namespaces: { list: () => [{ metadata: { name: 'bare' } }] },
      clock: () => now,
      isComplete: () => true,
    });
    expect(any.current().set.decide(subject(), target({ namespace: 'bare' }), now)).to.deep.include({ kind: 'excepted' });
    expect(any.current().set.decide(subject(), target({ namespace: 'gone' }), now)).to.equal(undefined);
  });

  it('gives exceptions to admission only when all of them are known', () => {
    const [policy] = policies;
    const checks = new Map([['run-as-non-root', 'medium'] as const]);
    expect(store.admissionWaivers(policy!, checks, now).waivers.map(({ exception: id }) => id)).to.have.members(['web/legacy', 'legacy']);
    expect(store.isComplete).to.equal(true);
    sources.isComplete = false;
    expect(store.isComplete).to.equal(false);
    expect(() => store.admissionWaivers(policy!, checks, now)).to.throw(
      'the exceptions are not listed yet: the parameters of admission policies stay as they are',
    );
  });

  it('takes the names in exceptions of both kinds for known while the selected policies were not read', () => {
    const unread = new ExceptionStore({
      exceptions: { list: () => [exception({ checks: [{ name: 'a.example.com' }, { framework: 'cis' }] })] as never },
      clusterExceptions: { list: () => [clusterException({ checks: [{ name: 'b.example.com' }] })] as never },
      policies: { list: () => policies },
      namespaces: { list: () => [] },
      clock: () => now,
      isComplete: () => true,
      selectedNames: ({ metadata }) => (metadata.name === 'strict' ? undefined : ['selected.example.com']),
    });
    const problems = (name: string): number => unread.problemsOf(exception({ checks: [{ name }] })).length;
    expect(['a.example.com', 'b.example.com', 'selected.example.com', 'team-label', 'c.example.com'].map(problems)).to.deep.equal([
      0, 0, 0, 0, 1,
    ]);
  });
});
