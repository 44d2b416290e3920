import { readdirSync, readFileSync } from 'node:fs';

/** The memory of a process in MiB. */
export interface Memory {
  /** Resident memory, including pages of the program file. */
  readonly rss: number;
  /** Anonymous memory. */
  readonly anon: number;
  /** The working set of its container (`kubectl top`, eviction): memory without inactive page cache. 0 without a cgroup. */
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

/** The processes of a program in one pod. Other pods on this machine may run the same program. */
function processes(program: string, podUid: string): string[] {
  const isOne = (pid: string): boolean => read(`/proc/${pid}/cgroup`).includes(podUid) && read(`/proc/${pid}/cmdline`).includes(program);
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && isOne(entry));
}

/** The working set of a container in bytes, with cgroup v1 or v2. */
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

/** The memory of a process. */
export function memoryOf(pid: string): Memory {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return { rss: field('VmRSS'), anon: field('RssAnon'), workingSet: workingSetOf(read(`/proc/${pid}/cgroup`)) / mebi };
}

/** Samples the memory of a program in a pod four times a second. */
export class MemoryWatch {
  #least = Number.POSITIVE_INFINITY;
  readonly #program: string;
  readonly #podUid: string;
  readonly #timer: NodeJS.Timeout;
  #peak: Memory = { rss: 0, anon: 0, workingSet: 0 };

  /** `program`: part of the command line of the process. */
  constructor(program: string, podUid: string) {
    this.#program = program;
    this.#podUid = podUid;
    this.#timer = setInterval(() => this.#sample(), 250).unref();
  }

  /** The peak and the minimum since the last call. */
  take(): Memory & { readonly leastAnon: number } {
    this.#sample();
    const peak = { ...this.#peak, leastAnon: this.#least };
    this.#least = Number.POSITIVE_INFINITY;
    this.#peak = { rss: 0, anon: 0, workingSet: 0 };
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
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
