import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';

/** A structured logger: JSON lines with a constant message and fields. */
export type Logger = PinoLogger;

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Creates the logger of the process. Writes to stderr or the given stream, since a worker's stdout carries its result stream. Removes tokens and passwords. */
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
