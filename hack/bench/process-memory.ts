import { readdirSync, readFileSync } from 'node:fs';

/** Memory of a process, in MiB. */
export interface Memory {
  /** All that is resident, pages of its program file included. */
  readonly rss: number;
  /** What it allocated itself. */
  readonly anon: number;
  /** What Kubernetes counts for its container (`kubectl top`, eviction): all but the page cache that is not in use. 0 without a cgroup. */
  readonly workingSet: number;
}

const mebi = 1024 * 1024;

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The processes of a program in a pod, which may not be the only one of its kind on this machine. */
function processes(program: string, podUid: string): string[] {
  const isOne = (pid: string): boolean => read(`/proc/${pid}/cgroup`).includes(podUid) && read(`/proc/${pid}/cmdline`).includes(program);
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isOne(entry));
}

/** Bytes of a container's working set, by cgroups of either version. */
function workingSetOf(cgroups: string): number {
  const [, old] = /^\d+:memory:(.*)$/m.exec(cgroups) ?? [];
  const [, unified = ''] = /^0::(.*)$/m.exec(cgroups) ?? [];
  const [folder, usage, idle] =
    old === undefined
      ? [`/sys/fs/cgroup${unified}`, 'memory.current', 'inactive_file']
      : [`/sys/fs/cgroup/memory${old}`, 'memory.usage_in_bytes', 'total_inactive_file'];
  const inactive = new RegExp(`^${idle} (\\d+)$`, 'm').exec(read(`${folder}/memory.stat`))?.[1] ?? 0;
  return Math.max(0, Number(read(`${folder}/${usage}`)) - Number(inactive));
}

function memoryOf(pid: string): Memory {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rss: field('VmRSS'), anon: field('RssAnon'), workingSet: workingSetOf(read(`/proc/${pid}/cgroup`)) / mebi };
}

/** Watches the memory of a program in a pod while something runs, four times a second. */
export class MemoryWatch {
  #least = Number.POSITIVE_INFINITY;
  readonly #program: string;
  readonly #podUid: string;
  readonly #timer: NodeJS.Timeout;
  #peak: Memory = { rss: 0, anon: 0, workingSet: 0 };

  /** `program`: a part of its command line. */
  constructor(program: string, podUid: string) {
    this.#program = program;
    this.#podUid = podUid;
    this.#timer = setInterval(() => this.#look(), 250).unref();
  }

  /** The most that one of them held since this was asked last, and the least. */
  take(): Memory & { readonly leastAnon: number } {
    this.#look();
    const peak = { ...this.#peak, leastAnon: this.#least };
    this.#least = Number.POSITIVE_INFINITY;
    this.#peak = { rss: 0, anon: 0, workingSet: 0 };
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of processes(this.#program, this.#podUid)) {
      const now = memoryOf(pid);
      if (now.anon > 0) this.#least = Math.min(this.#least, now.anon);
      this.#peak = {
        rss: Math.max(this.#peak.rss, now.rss),
        anon: Math.max(this.#peak.anon, now.anon),
        workingSet: Math.max(this.#peak.workingSet, now.workingSet),
      };
    }
  }
}
