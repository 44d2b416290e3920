import { expect } from 'chai';
import { join } from 'node:path';
import { operatorHelp } from '../../operator/manager/operator-config.ts';
import { operatorVerb } from '../../operator/manager/operator-verb.ts';
import { Folder } from '../cli/command-fixture.ts';
import { MemoryServer } from '../kube/memory-server.ts';

/** Runs the verb and returns its exit code, and what it wrote. */
async function run(args: readonly string[], signal = new AbortController().signal): Promise<{ code: number; out: string; error: string }> {
  const written = { out: '', error: '' };
  const { stdout, stderr } = process;
  const [print, printError] = [stdout.write.bind(stdout), stderr.write.bind(stderr)];
  stdout.write = (text): boolean => ((written.out += String(text)), true);
  stderr.write = (text): boolean => ((written.error += String(text)), true);
  try {
    const code = await operatorVerb(args, signal);
    return { code, ...written };
  } finally {
    stdout.write = print;
    stderr.write = printError;
  }
}

describe('vigil operator', function () {
  this.timeout(30_000);

  for (const flag of ['--help', '-h'])
    it(`prints its flags with ${flag}`, async () => {
      const { code, out, error } = await run(['--health-port', '0', flag]);
      expect([code, out, error]).to.deep.equal([0, operatorHelp(), '']);
    });

  it('prints all problems of its settings and exits with 2', async () => {
    expect(await run(['--image-jobs', '0', '--nope', 'x'])).to.deep.include({ code: 2, out: '' });
    const { error } = await run(['--image-jobs', '0', '--nope=x']);
    expect(error.split('\n').map((line) => line.split(':').slice(0, 2).join(':'))).to.deep.equal([
      'vigil operator: --nope',
      'vigil operator: --image-jobs',
      '',
    ]);
  });

  describe('with a kubeconfig', () => {
    const folder = new Folder();
    const before = process.env['KUBECONFIG'];
    let server: MemoryServer;
    beforeEach(async () => {
      server = new MemoryServer();
      process.env['KUBECONFIG'] = folder.file('config', (await server.start()).exportConfig());
    });
    afterEach(() => server.stop());
    after(() => {
      folder.remove();
      if (before === undefined) delete process.env['KUBECONFIG'];
      else process.env['KUBECONFIG'] = before;
    });
    const flags = [
      '--health-host=127.0.0.1',
      '--health-port=0',
      '--worker-image=v:1',
      '--namespace=audit',
      '--lease-retry-period=0.1',
      '--log-level=error',
    ];

    it('runs until the signal is aborted, and exits with 0', async () => {
      const abort = new AbortController();
      const ran = run(flags, abort.signal);
      while (server.api.objects.size === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      abort.abort();
      expect((await ran).code).to.equal(0);
    });

    it('exits with 1 after another process took the Lease', async () => {
      const path = '/apis/coordination.k8s.io/v1/namespaces/audit/leases/vigil-operator';
      const ran = run(flags);
      while (!server.api.calls.includes('GET /api/v1/namespaces/kube-system')) await new Promise((resolve) => setTimeout(resolve, 10));
      const lease = server.api.objects.get(path) as object as { readonly spec: object };
      await server.change({ method: 'PATCH', path, body: { spec: { ...lease.spec, holderIdentity: 'other' } } });
      expect((await ran).code).to.equal(1);
    });

    it('throws what is not about its settings', async () => {
      process.env['KUBECONFIG'] = join(folder.path, 'none');
      let thrown: unknown;
      await run([...flags, '--context=gone']).catch((error: unknown) => (thrown = error));
      expect(thrown).to.be.instanceOf(Error).and.not.to.have.property('name', 'ConfigError');
    });
  });
});
