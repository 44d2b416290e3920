import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { githubOutput } from '../../operator/output/github-output.ts';
import { jsonOutput } from '../../operator/output/json-output.ts';
import { junitOutput } from '../../operator/output/junit-output.ts';
import { policyReportOutput } from '../../operator/output/policy-report-output.ts';
import { sarifOutput } from '../../operator/output/sarif-output.ts';
import type { LocatedResult, Output, ScanResult } from '../../operator/output/scan-result.ts';
import { tableOutput } from '../../operator/output/table-output.ts';

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart' };
const result = (fields: Partial<LocatedResult>): LocatedResult => ({
  verdict: 'fail',
  policy: null,
  check: 'host-pid',
  severity: 'high',
  category: 'Pod Security Standards, baseline',
  frameworks: ['pss-baseline@1.36', 'nsa@1.2'],
  resource: pod,
  source: { file: 'cart.yaml', document: 1, line: 9 },
  path: 'spec.hostPID',
  message: 'hostPID is true',
  fix: 'Remove hostPID.',
  ...fields,
});
const bare = (fields: Partial<LocatedResult>): LocatedResult => {
  const { source: _, path: __, fix: ___, ...rest } = result(fields);
  return rest;
};
const results: readonly LocatedResult[] = [
  result({ severity: 'low', check: 'image-tag', message: 'container main: the image has no tag', containers: ['main', 'proxy'] }),
  result({}),
  result({ severity: 'critical', check: 'privileged-container', policy: 'web', path: 'spec.containers[0]' }),
  result({ severity: 'medium', check: 'read-only-root' }),
  result({ severity: 'info', check: 'labels' }),
  result({ verdict: 'warn', severity: 'medium', check: 'deprecated', message: 'the API is deprecated' }),
  result({ verdict: 'error', check: 'broken-rule', message: 'no such key: x' }),
  result({ verdict: 'skip', check: 'trusted-registries', severity: 'low', message: 'no registries are set' }),
  result({ verdict: 'pass', check: 'host-ipc', message: 'the check passes' }),
  result({ resource: { ...pod, name: 'other' }, source: { file: 'cart.yaml', document: 2 } }),
  result({
    resource: { apiVersion: 'v1', kind: 'Namespace', name: 'shop' },
    source: { file: '/abs/shop.yaml', line: 1 },
    policy: 'mine',
    check: 'my-rule',
  }),
  bare({ resource: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', name: 'all' }, check: 'no-wildcards', bound: true }),
];
const mixed: ScanResult = {
  results,
  summary: { pass: 1, fail: 8, warn: 1, error: 1, skip: 1 },
  errors: [
    { source: { file: 'bad.yaml', document: 2, line: 4 }, message: 'a tab is\nnot allowed' },
    { source: { file: 'first.yaml', document: 0 }, message: 'no manifest found' },
    { source: { file: '-' }, message: 'empty' },
  ],
};
const clean: ScanResult = { results: [result({ verdict: 'skip' })], summary: { pass: 3, fail: 0, warn: 0, error: 0, skip: 1 }, errors: [] };
const excepted: ScanResult = {
  results: [
    result({
      verdict: 'skip',
      properties: { exception: 'shop/agent, processes', until: '2027-02-28T00:00:00Z', verdict: 'fail' },
    }),
    result({
      check: 'host-ipc',
      properties: { exceptionRefused: 'shop/agent: SecurityPolicy/web: exceptions.allow is None' },
      policy: 'web',
    }),
    result({ verdict: 'skip', check: 'trusted-registries', message: 'no registries are set' }),
    result({
      verdict: 'skip',
      check: 'host-network',
      properties: { exception: 'inline', until: '2027-02-28T00:00:00Z', verdict: 'fail' },
    }),
    result({ verdict: 'skip', check: 'host-users', severity: 'low', properties: { known: 'true' } }),
  ],
  summary: { pass: 3, fail: 1, warn: 0, error: 0, skip: 4 },
  errors: [],
};
const outputs: Readonly<Record<string, Output>> = {
  github: githubOutput,
  json: jsonOutput,
  junit: junitOutput,
  'policy-report': policyReportOutput,
  sarif: sarifOutput,
  table: tableOutput,
};

describe('the output of a scan', () => {
  for (const [name, output] of Object.entries(outputs))
    for (const [what, scan, style] of [
      ['mixed', mixed, { colour: false, passing: false }],
      ['mixed-passing', mixed, { colour: true, passing: true }],
      ['clean', clean, { colour: false, passing: false }],
      ['excepted', excepted, { colour: false, passing: false }],
      ['excepted-passing', excepted, { colour: false, passing: true }],
    ] as const)
      it(`as ${name} is golden/${what}.${name}.txt`, () => {
        const pieces: string[] = [];
        output(scan, (text) => void pieces.push(text), style);
        expect(pieces.join('')).to.equal(readFileSync(`test/output/golden/${what}.${name}.txt`, 'utf8'));
      });
});
