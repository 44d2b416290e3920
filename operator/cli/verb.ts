import { type Io, processIo } from './io.ts';

/** A verb for people: given its arguments and the streams, it resolves to the exit code. */
export type PersonVerb = (args: readonly string[], io: Io) => Promise<number>;

/** Runs a verb on the process's own streams, and waits until everything is written. */
export function onProcess(run: PersonVerb): (args: readonly string[]) => Promise<number> {
  return async (args) => {
    const io = processIo();
    const code = await run(args, io);
    await io.flush();
    return code;
  };
}
