import { hasChain, type TextChain } from './text-chain.ts';

/** Names of miners and of tools that are made for attacks, as they stand in images and commands. */
const miners =
  'xmrig xmr-stak minerd cpuminer ccminer ethminer nbminer t-rex-miner lolminer phoenixminer nanominer srbminer moneroocean kdevtmpfsi kinsing cryptonight randomx minergate minergate-cli teamredminer cgminer bfgminer gminer wildrig nheqminer xmrigcc xmrig-cc monero-miner verusminer hellminer nicehash'.split(
    ' ',
  );
const tools =
  'peirates kubeletmein deepce botb kdigger kubehound kube-hunter cdk-team cdkteam metasploit meterpreter sliver-client mimipenguin linpeas masscan zgrab ligolo badpods bad-pods kubesploit merlin-agent teamtnt kubeletctl kubiscan amicontained kubestriker kalilinux parrotsec metasploitframework'.split(
    ' ',
  );
const toolWords = word([...miners, ...tools]);

/** A pattern for any of the words, not as a part of another word. */
function word(words: readonly string[]): RegExp {
  return new RegExp(`(?:^|[^a-z0-9])(${words.join('|')})(?![a-z0-9])`, 'i');
}

const kindOf = (name: string): string => `${miners.includes(name.toLowerCase()) ? 'miner' : 'tool'} ${name.toLowerCase()}`;

/** Returns what an image says of itself, such as `miner xmrig`, or undefined. */
export function suspiciousImage(image: string): string | undefined {
  const [, name] = toolWords.exec(image) ?? [];
  return name === undefined ? undefined : kindOf(name);
}

/** Programs that have a use in an image, but that nobody needs in a session inside of a workload: scanners, tunnels and tools of attackers. */
const sessionTools =
  /(?:^|[\s;&|(`/])(?:nmap|masscan|zmap|rustscan|hydra|sqlmap|chisel|ngrok|frpc|pwncat|proxychains4?|deepce\.sh|linenum\.sh|lse\.sh|traitor)(?=[\s;&|)`]|$)|(?:^|[\s;&|/])cdk(?:_linux_\w+)?\s+(?:evaluate|eva|run|auto-escape|kcurl|ectl|ucurl|probe)\b|(?:^|[\s;&|(`])(?:\.\/|\/tmp\/|\/dev\/shm\/|\/var\/tmp\/)(?:kubectl|crictl|ctr|docker)\s|\bkubectl\s[^;|&\n]{0,200}?--token[= ]/i;

/** What commands of attackers have in common: a pattern, or one of the chains. */
interface CommandPattern {
  readonly name: string;
  /** Must not repeat what can match anything: see {@link hasChain}. */
  readonly pattern: RegExp;
  readonly chains?: readonly TextChain[];
}

const chain = (...steps: readonly RegExp[]): TextChain => ({ steps });

/** Only the name of the pattern is kept, never the command. */
const patterns: readonly CommandPattern[] = [
  {
    name: 'pool of miners',
    pattern:
      /stratum\d?\+(?:tcp|ssl|tls):\/\/|--(?:donate-level|rig-id|nicehash|randomx-[a-z]+|cpu-max-threads-hint)\b|\b(?:supportxmr|nanopool|minexmr|c3pool|hashvault|2miners|f2pool|herominers|unmineable|minergate|ethermine|monerohash|miningpoolhub|xmrpool|zergpool|moneroocean)\.(?:com|org|net|pro|info|eu|stream|to)\b/i,
    chains: [{ steps: [/\bpool\./gi, /xmr|monero|mine/gi], breaks: /[^a-z0-9.-]/gi }],
  },
  {
    name: 'reverse shell',
    pattern: /\/dev\/(?:tcp|udp)\/|\/inet\/(?:tcp|udp)\/0\/|Net\.Sockets\.TCPClient/i,
    chains: [
      { steps: [/\b(?:nc|ncat|netcat)\b/gi, /\s(?:-[a-z]*[ec]\b|--(?:sh-|lua-)?exec\b)/gi], breaks: /[|;&]/g },
      chain(/\bmkfifo\b/gi, /[;|&]/g, /\b(?:nc|ncat|netcat|telnet|openssl)\b/gi),
      chain(/\bsocat\b/gi, /\b(?:exec|system):/gi),
      chain(/socket\.socket\(/gi, /dup2|pty\.spawn|subprocess/gi),
      chain(/fsockopen\(/gi, /exec|proc_open/gi),
      chain(/\bTCPSocket\b/gi, /exec/gi),
      chain(/use Socket;/gi, /exec/gi),
      chain(/socket\.tcp\(\)/gi, /os\.execute/gi),
      chain(/child_process/gi, /\.connect\(/gi),
    ],
  },
  {
    name: 'token of the pod',
    // The folder above has the token in it: a copy of it is a copy of the token.
    pattern:
      /\/run\/secrets(?:\/(?:kubernetes\.io\/serviceaccount|eks\.amazonaws\.com|azure\/tokens|tokens|[^\s/]*[*?])|\/?(?:kubernetes\.io\/?)?(?=["';|&)\s]|$))/i,
    chains: [chain(/\bfind\b/gi, /\s-i?name\s+["']?\*?token\b/gi)],
  },
  {
    name: 'metadata service of the cloud',
    pattern:
      /169\.254\.169\.254|169\.254\.170\.23?\b|\[?fd00:ec2::254|metadata\.google\.internal|\/computeMetadata\/|metadata\.azure\.|100\.100\.100\.200|0xa9fea9fe|\b2852039166\b|AWS_CONTAINER_CREDENTIALS_/i,
  },
  {
    name: 'download that is run',
    pattern: /\b(?:ba|da|z)?sh\b\s+(?:-c\s+)?["'`]?(?:<\(|\$\()\s*(?:curl|wget)\b/i,
    chains: [
      chain(/\b(?:curl|wget|fetch|lwp-download)\b/gi, /\|\s*(?:sudo\s+)?(?:ba|da|z|k|a)?sh\b/gi),
      chain(/\b(?:curl|wget)\b/gi, /&&|;/g, /\bchmod\b/gi, /\+x|\s0?[1-7]?[1357][0-7]{2}\b/gi),
      chain(/\bchmod\b/gi, /\+x/gi, /(?:&&|;)\s*\.?\//g),
      { steps: [/base64\s+(?:-d|--decode|-D)/gi, /\|\s*(?:ba|da|z)?sh\b/gi], breaks: /\|/g },
      chain(/\b(?:python[23]?|perl|ruby)\b/gi, /urllib|requests|urlopen|LWP/gi, /\bexec\(/gi),
    ],
  },
  {
    name: 'host namespaces',
    pattern: /\bchroot\s+\/(?:host|mnt|rootfs|hostfs)\b|\/proc\/1\/root|release_agent|notify_on_release/i,
    chains: [chain(/\bnsenter\b/gi, /--target[= ]1\b|-t\s*1\b|\/proc\/1\/ns/gi), chain(/\bdebugfs\b/gi, /\/dev\//gi)],
  },
  {
    name: 'credentials of the node',
    pattern:
      /\/etc\/shadow\b|\/etc\/kubernetes\/(?:admin\.conf|pki)|\/var\/lib\/kubelet\/(?:pki|kubeconfig)|\.aws\/credentials|\.kube\/config/i,
  },
  {
    name: 'kernel or disk of the node',
    pattern:
      /\/proc\/sys\/kernel\/(?:core_pattern|modprobe|usermodehelper)|\/proc\/sysrq-trigger|\b(?:insmod|kexec)\s|\bmodprobe\s+(?!-r)/i,
    chains: [chain(/\bmknod\b/gi, /\sb\s+\d/gi), chain(/\bmount\b/gi, /\/dev\/(?:sd|vd|xvd|nvme|mapper\/|dm-)/gi)],
  },
  { name: 'container runtime of the node', pattern: /\b(?:docker|containerd|crio|cri-dockerd)\.sock\b/i },
  {
    name: 'API of a kubelet',
    pattern: /:(?:10250|10255)\/(?:run|exec|attach|portForward|pods|runningpods|cri|logs|containerLogs)\b/i,
  },
  { name: 'environment of another program', pattern: /\/proc\/(?:\d+|\*|\[0-9\]\*)\/environ\b/i },
  {
    name: 'keys or jobs of the node',
    pattern: /\.ssh\/(?:authorized_keys|id_[a-z0-9]+)|>\s*[^\s>]*\/(?:etc\/cron|var\/spool\/cron)/i,
  },
  { name: 'removal of traces', pattern: /\bhistory\s+-[cw]|\.(?:ba|z|a)?sh_history\b|\bHISTFILE\b/i },
];

const matches = ({ pattern, chains = [] }: CommandPattern, text: string): boolean =>
  pattern.test(text) || chains.some((each) => hasChain(text, each));

/** What a workload may do on purpose: read its own token, ask for the identity that the cloud gives it, prepare its node. */
const usualInTemplates: ReadonlySet<string> = new Set([
  'token of the pod',
  'metadata service of the cloud',
  'host namespaces',
  'credentials of the node',
  'kernel or disk of the node',
  'container runtime of the node',
  'API of a kubelet',
  'environment of another program',
  'keys or jobs of the node',
  'removal of traces',
]);

/** Returns what the command of a container does that only attackers do. */
export function suspiciousTemplate(command: readonly string[]): string | undefined {
  return suspiciousCommand(command, (name) => !usualInTemplates.has(name));
}

/** Commands that only download: usual in a container's own command, not in a session. */
const downloads = /^(?:\S*\/)?(?:curl|wget)\s.*https?:\/\/(?!localhost|127\.|\[::1\])/i;
const saved = /\s(?:-[a-zA-Z]*[oO]|--output|--remote-name|--output-document)(?:[= ]|\s|$)/;

/** A command as a shell reads it: quotes inside of words, backslashes and doubled slashes hide nothing. */
const asShellReads = (text: string): string =>
  text.replaceAll(/(?<=\w)(?:""|'')(?=\w)|\\(?=[\w/])/g, '').replaceAll(/(?<!:)\/(?:\.?\/)+/g, '/');

function suspiciousCommand(command: readonly string[], counts: (name: string) => boolean): string | undefined {
  if (command.length === 0) return undefined;
  const text = command.join(' ').slice(0, 8192);
  const plain = asShellReads(text);
  const found = patterns.find((each) => counts(each.name) && (matches(each, text) || (plain !== text && matches(each, plain))));
  if (found !== undefined) return found.name;
  const [, tool] = toolWords.exec(text) ?? [];
  return tool === undefined ? undefined : kindOf(tool);
}

/** Returns what the command of a session does that attackers do. A download to a file counts as well. */
export function suspiciousSession(command: readonly string[]): string | undefined {
  const found = suspiciousCommand(command, () => true);
  if (found !== undefined) return found;
  const text = asShellReads(command.join(' ').slice(0, 8192));
  if (sessionTools.test(text)) return 'tool of attackers';
  const inner = text.replace(/^\S*sh\s+-\w*c\s+["']?/, '');
  const isWget = /^(?:\S*\/)?wget\s/.test(inner);
  return downloads.test(inner) && (isWget || saved.test(inner)) ? 'download' : undefined;
}
