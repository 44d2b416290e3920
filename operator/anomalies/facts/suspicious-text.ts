/** Names of miners and of tools that are made for attacks, as they stand in images and commands. */
const miners =
  'xmrig xmr-stak minerd cpuminer ccminer ethminer nbminer t-rex-miner lolminer phoenixminer nanominer srbminer moneroocean kdevtmpfsi kinsing cryptonight randomx'.split(
    ' ',
  );
const tools =
  'peirates kubeletmein deepce botb kdigger kubehound kube-hunter cdk-team cdkteam metasploit meterpreter sliver-client mimipenguin linpeas masscan zgrab ligolo badpods bad-pods kubesploit merlin-agent teamtnt'.split(
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

/** What commands of attackers have in common. Only the name of the pattern is kept, never the command. */
const patterns: readonly (readonly [string, RegExp])[] = [
  [
    'pool of miners',
    /stratum\+(?:tcp|ssl|tls):\/\/|\bpool\.[a-z0-9.-]*(?:xmr|monero|mine)|--donate-level|(?:supportxmr|nanopool|minexmr|c3pool|hashvault)\./i,
  ],
  [
    'reverse shell',
    /\/dev\/(?:tcp|udp)\/|\b(?:nc|ncat|netcat)\b[^|;&]*\s-[a-z]*[ec]\b|\bmkfifo\b[^;|&]*[;|&].*\b(?:nc|ncat|netcat|telnet|openssl)\b|\bsocat\b.*\bexec:|socket\.socket\(.*(?:dup2|pty\.spawn|subprocess)|fsockopen\(.*(?:exec|proc_open)|\bTCPSocket\b.*exec|use Socket;.*exec/i,
  ],
  ['token of the pod', /\/run\/secrets\/kubernetes\.io\/serviceaccount|\/run\/secrets\/(?:eks\.amazonaws\.com|azure\/tokens|tokens)/i],
  [
    'metadata service of the cloud',
    /169\.254\.169\.254|\[?fd00:ec2::254|metadata\.google\.internal|metadata\.azure\.|100\.100\.100\.200|0xa9fea9fe|\b2852039166\b/i,
  ],
  [
    'download that is run',
    /\b(?:curl|wget|fetch|lwp-download)\b.*\|\s*(?:sudo\s+)?(?:ba|da|z|k|a)?sh\b|\b(?:ba|da|z)?sh\b\s+(?:-c\s+)?["'`]?(?:<\(|\$\()\s*(?:curl|wget)\b|\b(?:curl|wget)\b.*(?:&&|;).*\bchmod\b.*\+x|\bchmod\b.*\+x.*(?:&&|;)\s*\.?\/|base64\s+(?:-d|--decode|-D)[^|]*\|\s*(?:ba|da|z)?sh\b|\b(?:python[23]?|perl|ruby)\b.*(?:urllib|requests|urlopen|LWP).*\bexec\(/i,
  ],
  [
    'host namespaces',
    /\bnsenter\b.*(?:--target[= ]1\b|-t\s*1\b)|\bchroot\s+\/(?:host|mnt|rootfs|hostfs)\b|\/proc\/1\/root|release_agent|\bdebugfs\b.*\/dev\//i,
  ],
  [
    'credentials of the node',
    /\/etc\/shadow\b|\/etc\/kubernetes\/(?:admin\.conf|pki)|\/var\/lib\/kubelet\/(?:pki|kubeconfig)|\.aws\/credentials|\.kube\/config/i,
  ],
];

/** What a workload may do on purpose: read its own token, ask for the identity that the cloud gives it, prepare its node. */
const usualInTemplates: ReadonlySet<string> = new Set([
  'token of the pod',
  'metadata service of the cloud',
  'host namespaces',
  'credentials of the node',
]);

/** Returns what the command of a container does that only attackers do. */
export function suspiciousTemplate(command: readonly string[]): string | undefined {
  const found = suspiciousCommand(command);
  return found !== undefined && usualInTemplates.has(found) ? undefined : found;
}

/** Commands that only download: usual in a container's own command, not in a session. */
const downloads = /^(?:\S*\/)?(?:curl|wget)\s.*https?:\/\/(?!localhost|127\.|\[::1\])/i;
const saved = /\s(?:-o|-O|--output|--remote-name|--output-document)(?:[= ]|\s|$)/;

function suspiciousCommand(command: readonly string[]): string | undefined {
  if (command.length === 0) return undefined;
  const text = command.join(' ').slice(0, 8192);
  const [name] = patterns.find(([, pattern]) => pattern.test(text)) ?? [];
  if (name !== undefined) return name;
  const [, tool] = toolWords.exec(text) ?? [];
  return tool === undefined ? undefined : kindOf(tool);
}

/** Returns what the command of a session does that attackers do. A download to a file counts as well. */
export function suspiciousSession(command: readonly string[]): string | undefined {
  const found = suspiciousCommand(command);
  if (found !== undefined) return found;
  const text = command.join(' ').slice(0, 8192);
  const inner = text.replace(/^\S*sh\s+-\w*c\s+["']?/, '');
  const isWget = /^(?:\S*\/)?wget\s/.test(inner);
  return downloads.test(inner) && (isWget || saved.test(inner)) ? 'download' : undefined;
}
