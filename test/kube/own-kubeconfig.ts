import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const config = JSON.stringify({
  ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'none' },
  clusters: [{ name: 'none', cluster: { server: 'https://none.invalid' } }],
  users: [{ name: 'none', user: {} }],
  contexts: [{ name: 'none', context: { cluster: 'none', user: 'none' } }],
});

/**
 * Sets KUBECONFIG to a file of no real cluster for the tests of a suite. The base class of the lifecycle reads the kubeconfig of the
 * environment, which may be broken, or that of a real cluster. Call it in `describe`.
 */
export function ownKubeconfig(): void {
  let earlier: string | undefined;
  let folder = '';
  before(() => {
    earlier = process.env['KUBECONFIG'];
    folder = mkdtempSync(join(tmpdir(), 'vigil-kubeconfig-'));
    writeFileSync(join(folder, 'config'), config);
    process.env['KUBECONFIG'] = join(folder, 'config');
  });
  after(() => {
    if (earlier === undefined) delete process.env['KUBECONFIG'];
    else process.env['KUBECONFIG'] = earlier;
    rmSync(folder, { recursive: true });
  });
}
