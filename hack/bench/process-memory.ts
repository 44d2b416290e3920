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

/** The processes whose command line matches, where words are divided by NUL. */
function processes(command: RegExp): string[] {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && command.test(read(`/proc/${entry}/cmdline`)));
}

function memoryOf(pid: string): Memory {
  const status = read(`/proc/${pid}/status`);
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  const [, cgroup = ''] = /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`)) ?? [];
  const group = `/sys/fs/cgroup${cgroup}`;
  const inactive = Number(/^inactive_file (\d+)$/m.exec(read(`${group}/memory.stat`))?.[1] ?? 0);
  const current = Number(read(`${group}/memory.current`));
  return { rss: field('VmRSS'), anon: field('RssAnon'), workingSet: Math.max(0, current - inactive) / mebi };
}

/** Watches the memory of processes while something runs, four times a second. */
export class MemoryWatch {
  readonly #command: RegExp;
  readonly #timer: NodeJS.Timeout;
  #peak: Memory = { rss: 0, anon: 0, workingSet: 0 };

  constructor(command: RegExp) {
    this.#command = command;
    this.#timer = setInterval(() => this.#look(), 250).unref();
  }

  /** The most that one of them held since this was asked last. */
  take(): Memory {
    this.#look();
    const peak = this.#peak;
    this.#peak = { rss: 0, anon: 0, workingSet: 0 };
    return peak;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const pid of processes(this.#command)) {
      const now = memoryOf(pid);
      this.#peak = {
        rss: Math.max(this.#peak.rss, now.rss),
        anon: Math.max(this.#peak.anon, now.anon),
        workingSet: Math.max(this.#peak.workingSet, now.workingSet),
      };
    }
  }
}
