/** The streams and the environment of a command. */
export interface Io {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** Reads standard input to its end. */
  readonly input: () => Promise<Uint8Array>;
  /** Whether standard output is a terminal. */
  readonly terminal: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The size of a write to standard output, in characters. Many small writes are slow, and one large write needs memory. */
const pieceSize = 1 << 16;

/** The part of a process that {@link processIo} uses. */
export interface ProcessStreams {
  readonly stdin: AsyncIterable<unknown>;
  readonly stdout: Pick<NodeJS.WriteStream, 'write' | 'on' | 'isTTY'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'write'>;
  readonly env: NodeJS.ProcessEnv;
}

/** Returns the streams of the process. `flush` resolves after all output is written. After a closed pipe, nothing more is written. */
export function processIo({ stdin, stdout, stderr, env }: ProcessStreams = process): Io & { readonly flush: () => Promise<void> } {
  let pending: string[] = [];
  let size = 0;
  let broken = false;
  stdout.on('error', () => {
    broken = true;
  });
  const send = (): void => {
    if (!broken) stdout.write(pending.join(''));
    pending = [];
    size = 0;
  };
  return {
    out: (text) => {
      pending.push(text);
      size += text.length;
      if (size >= pieceSize) send();
    },
    error: (text) => void stderr.write(text),
    input: async () => {
      const pieces: Uint8Array[] = [];
      for await (const piece of stdin) pieces.push(piece as Uint8Array);
      return Buffer.concat(pieces);
    },
    terminal: stdout.isTTY,
    environment: env,
    flush: () =>
      new Promise((resolve) => {
        if (broken) resolve();
        else stdout.write(pending.join(''), () => resolve());
      }),
  };
}
