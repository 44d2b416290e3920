import { expect } from 'chai';
import { exceptionProblems, validPart } from '../../../operator/findings/waivers/exception-problems.ts';
import { compileWaiver } from '../../../operator/findings/waivers/waiver.ts';
import { clusterException, exception } from './samples.ts';

describe('exceptionProblems', () => {
  const rules = new Set(['own-registry']);
  const problems = (spec: Parameters<typeof exception>[0]): readonly string[] => exceptionProblems(exception(spec), rules);

  it('accepts controls, rules, frameworks, vulnerabilities and the checks of images', () => {
    const checks = [
      { name: 'host-pid' },
      { name: 'own-registry' },
      { framework: 'nsa' },
      { vulnerability: 'CVE-2026-1' },
      { name: 'image-scan' },
      { name: 'secret-spread' },
    ];
    expect(problems({ checks, expiresAt: '2027-02-28T00:00:00Z' })).to.deep.equal([]);
  });

  for (const [what, spec, problem] of [
    [
      'a control that does not exist, with a suggestion',
      { checks: [{ name: 'host-pid' }, { name: 'run-as-nonroot' }] },
      "spec.checks[1].name: no control and no rule of a policy has the name 'run-as-nonroot' (did you mean 'run-as-non-root'?)",
    ],
    [
      'a framework that does not exist',
      { checks: [{ framework: 'nsaa' }] },
      "spec.checks[0].framework: no framework 'nsaa' (did you mean 'nsa'?)",
    ],
    ['a pattern in place of a check', { checks: [{ name: 'host-*' }] }, "spec.checks[0].name: 'host-*' is a pattern; name each check"],
    [
      'a pattern in place of a framework',
      { checks: [{ framework: 'ns*' }] },
      "spec.checks[0].framework: 'ns*' is a pattern; name each check",
    ],
    [
      'a pattern in place of a vulnerability',
      { checks: [{ vulnerability: 'CVE-*' }] },
      "spec.checks[0].vulnerability: 'CVE-*' is a pattern; name each check",
    ],
    ['a check without a name', { checks: [{}] }, 'spec.checks[0]: set exactly one of name, framework and vulnerability'],
    [
      'a check with two names',
      { checks: [{ name: 'host-pid', framework: 'nsa' }] },
      'spec.checks[0]: set exactly one of name, framework and vulnerability',
    ],
    [
      'a package for a control',
      { checks: [{ name: 'host-pid', package: 'zlib' }] },
      'spec.checks[0]: package and untilFixed require vulnerability',
    ],
    [
      'untilFixed for a framework',
      { checks: [{ framework: 'nsa', untilFixed: true }] },
      'spec.checks[0]: package and untilFixed require vulnerability',
    ],
    [
      'a pattern for groups',
      { targets: [{ apiGroup: '*.example.com' }] },
      "spec.targets[0].apiGroup: '*.example.com' is a pattern; omit apiGroup for all",
    ],
    ['an end that does not exist', { expiresAt: '2027-02-30T00:00:00Z' }, "spec.expiresAt: '2027-02-30T00:00:00Z' is not a time"],
    ['an end that is only a date', { expiresAt: '2027-02-28' }, "spec.expiresAt: '2027-02-28' is not a time"],
    ['an empty name', { targets: [{ names: [''] }] }, "spec.targets[0].names: '' is no name of an object; only with kind User or Group"],
    ['a pattern for kinds', { targets: [{ kind: '*' }] }, "spec.targets[0].kind: '*' is a pattern; omit kind for all"],
    ['a pattern for containers', { targets: [{}, { containers: ['app', 'side*'] }] }, "spec.targets[1].containers: 'side*' is a pattern"],
    ['a group with its version', { targets: [{ apiGroup: 'apps/v1' }] }, "spec.targets[0].apiGroup: 'apps/v1' has a version; write 'apps'"],
    ['a kind in lower case', { targets: [{ kind: 'deployment' }] }, "spec.targets[0].kind: 'deployment' is not a kind"],
    [
      'a name that no object has',
      { targets: [{ kind: 'Deployment', names: ['web', 'shop/web'] }] },
      "spec.targets[0].names: 'shop/web' is no name of an object",
    ],
    ['an end without a zone', { expiresAt: '2027-02-28T00:00:00' }, "spec.expiresAt: '2027-02-28T00:00:00' is not a time"],
    ['an end that is no time', { expiresAt: 'soon' }, "spec.expiresAt: 'soon' is not a time in RFC 3339, such as 2027-02-28T00:00:00Z"],
  ] as const)
    it(`names ${what}`, () => expect(problems(spec as never).join()).to.include(problem));
});

describe('exceptionProblems', () => {
  const none: readonly (readonly [what: string, spec: Parameters<typeof exception>[0]])[] = [
    ['a package and untilFixed of a vulnerability', { checks: [{ vulnerability: 'CVE-2026-1', package: 'zlib', untilFixed: true }] }],
    ['the summary of further anomalies', { checks: [{ name: 'more-anomalies' }] }],
    ['targets with every field', { targets: [{ apiGroup: 'apps', kind: 'Deployment', names: ['web-*', 'A.b:c'], containers: ['app'] }] }],
    ['the core group', { targets: [{ apiGroup: '' }] }],
    ['an empty target', { targets: [{}] }],
    ['a group with any name', { targets: [{ kind: 'Group', names: ['https://login.example/%admins #1'] }] }],
    ['a kind that may be any', { targets: [{ names: ['*'] }] }],
    ['a time with an offset', { expiresAt: '2027-02-28T00:00:00+02:00' }],
  ];
  for (const [what, spec] of none) it(`accepts ${what}`, () => expect(exceptionProblems(exception(spec), new Set())).to.deep.equal([]));

  it('lists all problems, first of the targets, then of the checks and the end', () => {
    const spec = {
      targets: [{ apiGroup: '*/v1', kind: 'pods' }, {}, { names: ['a/b'] }],
      checks: [{ name: 'host-pid' }, { framework: 'zz' }],
      expiresAt: 'soon',
    };
    const paths = exceptionProblems(exception(spec), new Set()).map((problem) => problem.split(':')[0]);
    expect(paths).to.deep.equal([
      ...['spec.targets[0].apiGroup', 'spec.targets[0].apiGroup', 'spec.targets[0].kind', 'spec.targets[2].names'],
      ...['spec.checks[1].framework', 'spec.expiresAt'],
    ]);
  });

  it('lists the frameworks that exist', () => {
    const [problem] = exceptionProblems(exception({ checks: [{ framework: 'zzzzzz' }] }), new Set());
    expect(problem).to.match(/^spec\.checks\[0\]\.framework: no framework 'zzzzzz'; the frameworks are .*\bnsa\b.*, /);
  });
});

describe('a target that is a user', () => {
  const target = { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', names: ['https://login.example/#ann', 'ops*@example.com'] };
  const waiver = compileWaiver(clusterException({ targets: [target], checks: [{ name: 'secret-read' }] }));
  const covers = (name: string): unknown =>
    waiver.coversTarget({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'User', name }, () => undefined);

  it('may have a name with any characters, and is covered by it', () => {
    expect(exceptionProblems(exception({ targets: [target] }), new Set())).to.deep.equal([]);
    expect([covers('https://login.example/#ann'), covers('ops-1@example.com'), covers('eve')]).to.deep.equal(['all', 'all', undefined]);
  });
});

describe('a target that is an object of RBAC', () => {
  const named = (kind: string, name: string): readonly string[] =>
    exceptionProblems(exception({ targets: [{ kind, names: [name] }], checks: [{ name: 'secret-read' }] }), new Set());

  it('may have a name with the characters that the API server takes', () => {
    for (const kind of ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'])
      expect(named(kind, 'ann@example.com my_role')).to.deep.equal([]);
    expect(named('ClusterRole', 'a/b').join()).to.include("'a/b' is no name of an object");
    expect(named('ConfigMap', 'my_map').join()).to.include("'my_map' is no name of an object");
  });
});

describe('validPart', () => {
  const rules = new Set(['team-label']);
  const checks = [{ name: 'run-as-non-root' }, { name: 'removed-rule' }, { name: 'team-label' }];

  it('leaves out the entries with a problem, and keeps the others', () => {
    expect(validPart(exception({ checks }), rules)?.spec.checks).to.deep.equal([{ name: 'run-as-non-root' }, { name: 'team-label' }]);
  });

  it('is the exception itself without problems', () => {
    const whole = exception();
    expect(validPart(whole, rules)).to.equal(whole);
  });

  it('has the parts of the exception that have no problem, and nothing else changed', () => {
    const targets = [{ kind: 'Deployment' }];
    const whole = exception({ checks: [{ name: 'host-pid' }], targets, policies: ['baseline'] });
    expect(validPart(whole, rules)).to.equal(whole);
    const lessChecks = validPart(exception({ checks, targets, policies: ['baseline'] }), rules);
    expect(lessChecks?.spec).to.deep.equal(
      exception({ checks: [{ name: 'run-as-non-root' }, { name: 'team-label' }], targets, policies: ['baseline'] }).spec,
    );
    expect(lessChecks?.metadata).to.deep.equal(exception().metadata);
    expect(validPart(exception({ checks }), rules)?.spec).not.to.have.property('targets');
  });

  it('leaves out targets with a problem, and never covers more because of it', () => {
    const targets = [{ kind: 'Deployment' }, { kind: '*' }];
    expect(validPart(exception({ targets }), rules)?.spec.targets).to.deep.equal([{ kind: 'Deployment' }]);
    expect(validPart(exception({ targets: [{ kind: '*' }] }), rules)).to.equal(undefined);
  });

  it('is undefined if no entry is left, or if the end cannot be read', () => {
    expect(validPart(exception({ checks: [{ name: 'removed-rule' }] }), rules)).to.equal(undefined);
    expect(validPart(exception({ checks, expiresAt: '2027-02-28' }), rules)).to.equal(undefined);
  });
});
