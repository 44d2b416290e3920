import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** A structured logger: a constant message and fields; lines of JSON. */
export type Logger = PinoLogger;

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The process's logger. Writes to stderr (or the given stream), so that a worker's stdout stays the result stream's alone. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: [
          'token',
          'password',
          'authorization',
          '*.token',
          '*.password',
          '*.authorization',
          'headers',
          '*.headers',
          'err.body',
          'err.cause',
        ],
        remove: true,
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );
}
