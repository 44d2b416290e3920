/** What a verb for people reads from and writes to. */
export interface Io {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** All of standard input. */
  readonly input: () => Promise<Uint8Array>;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Standard output is written in pieces of about this size: many small writes are slow, one large one needs memory. */
const pieceSize = 1 << 16;

/** The process's own streams. `flush` waits until all is written. */
export function processIo(): Io & { readonly flush: () => Promise<void> } {
  let pending: string[] = [];
  let size = 0;
  let broken = false;
  process.stdout.on('error', () => {
    broken = true;
  });
  const send = (): void => {
    if (!broken) process.stdout.write(pending.join(''));
    pending = [];
    size = 0;
  };
  return {
    out: (text) => {
      pending.push(text);
      size += text.length;
      if (size >= pieceSize) send();
    },
    error: (text) => void process.stderr.write(text),
    input: async () => {
      const pieces: Uint8Array[] = [];
      for await (const piece of process.stdin) pieces.push(piece as Uint8Array);
      return Buffer.concat(pieces);
    },
    terminal: process.stdout.isTTY,
    environment: process.env,
    flush: () =>
      new Promise((resolve) => {
        if (broken) resolve();
        else process.stdout.write(pending.join(''), () => resolve());
      }),
  };
}
