import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { expect } from 'chai';
import { Folder } from '../cli/command-fixture.ts';
import { kubectl, uniqueName } from './cluster-access.ts';

describe('kubectl vigil', function () {
  this.timeout(60_000);
  const folder = new Folder();
  const namespace = uniqueName('plugin');
  const vigil = (args: readonly string[], input = ''): { readonly code: number; readonly out: string } => {
    try {
      const env = { ...process.env, PATH: `${folder.path}${delimiter}${process.env['PATH'] ?? ''}` };
      return {
        code: 0,
        out: execFileSync('kubectl', ['vigil', ...args], { input, encoding: 'utf8', env, stdio: ['pipe', 'pipe', 'pipe'] }),
      };
    } catch (error) {
      const { status, stdout, stderr } = error as { status: number; stdout: string; stderr: string };
      return { code: status, out: `${stdout}${stderr}` };
    }
  };

  before(() => {
    execFileSync('hack/bundle', { stdio: 'pipe' });
    symlinkSync(resolve('dist/vigil/vigil.mjs'), join(folder.path, 'kubectl-vigil'));
    kubectl(['create', 'namespace', namespace]);
  });
  after(() => {
    folder.remove();
    kubectl(['delete', 'namespace', namespace, '--wait=false']);
  });

  it('runs the program that kubectl finds on the PATH', () => {
    expect(kubectl(['version', '--client'])).to.match(/^Client Version: v1\./);
    const { code, out } = vigil(['explain', 'host-pid']);
    expect([code, out.split('\n')[0]]).to.deep.equal([0, vigil(['explain', 'host-pid']).out.split('\n')[0]]);
    expect(out).to.include('hostPID');
  });

  it('scans its standard input, and exits with the code of the verdict', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { hostPID: true, containers: [] } };
    const { code, out } = vigil(['scan', '-', '--control', 'host-pid', '-o', 'json'], JSON.stringify(pod));
    expect(code).to.equal(1);
    const { results } = JSON.parse(out) as { results: { check: string; path: string }[] };
    expect(results.map(({ check, path }) => [check, path])).to.deep.equal([['host-pid', 'spec.hostPID']]);
  });

  it('scans the cluster of the current context', () => {
    const { code, out } = vigil(['scan', '--cluster', '--namespace', namespace, '--control', 'netpol-namespace-policy', '-o', 'json']);
    expect(code, out).to.equal(1);
    const { results } = JSON.parse(out) as { results: { resource: { kind: string; name: string } }[] };
    expect(results.map(({ resource }) => [resource.kind, resource.name])).to.deep.equal([['Namespace', namespace]]);
  });

  it('reports an unknown verb', () => {
    const { code, out } = vigil(['scna']);
    expect(code).to.equal(2);
    expect(out).to.include('no command "scna" (did you mean \'scan\'?)');
  });
});
