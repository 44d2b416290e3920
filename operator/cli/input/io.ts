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

/** The streams of a process. */
export interface ProcessIo extends Io {
  /** Resolves after all output is written. Resolves to the reason if output was lost. */
  readonly flush: () => Promise<string | undefined>;
}

/** A reader that closes a pipe, such as `head`, has all that it wants. Other failures, such as a full disk, lose output. */
const lossOf = (failure: NodeJS.ErrnoException): string | undefined => (failure.code === 'EPIPE' ? undefined : failure.message);

/** Returns the streams of the process. After an error of standard output, such as a closed pipe, nothing more is written. */
export function processIo({ stdin, stdout, stderr, env }: ProcessStreams = process): ProcessIo {
  let pending: string[] = [];
  let size = 0;
  let broken = false;
  let loss: string | undefined;
  stdout.on('error', (failure: NodeJS.ErrnoException) => {
    broken = true;
    loss ??= lossOf(failure);
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
        if (broken) resolve(loss);
        else stdout.write(pending.join(''), (failure) => resolve(loss ?? (failure ? lossOf(failure) : undefined)));
      }),
  };
}
