import { acceptStream, type AcceptedStream } from '../../operator/stream/stream-reader.ts';

/** What a verb printed, and its exit code. */
export interface VerbOutput {
  readonly code: number;
  readonly lines: readonly string[];
  readonly errors: string;
}

type Verb = (args: readonly string[], signal: AbortSignal, print: (line: string) => void) => Promise<number>;

/** Runs a verb in this process. */
export async function runVerb(verb: Verb, args: readonly string[], signal = new AbortController().signal): Promise<VerbOutput> {
  const lines: string[] = [];
  let errors = '';
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (text: unknown): boolean => {
    errors += String(text);
    return true;
  };
  try {
    const code = await verb(args, signal, (line) => void lines.push(line));
    return { code, lines, errors };
  } finally {
    process.stderr.write = write;
  }
}

/** Reads the stream that a verb printed. */
export function streamOf<Body>({ lines }: VerbOutput): Promise<AcceptedStream<Body>> {
  async function* each(): AsyncGenerator<string> {
    await Promise.resolve();
    yield* lines;
  }
  return acceptStream<Body>(each());
}
