/** Formats milliseconds since the epoch as an API timestamp with a precision of one second: `2026-01-31T12:00:00Z`. */
export const timestampOf = (now: number): string => new Date(Math.floor(now / 1000) * 1000).toISOString().replace('.000Z', 'Z');
