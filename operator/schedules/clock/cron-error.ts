/** Why a schedule cannot be used: `field` is the spec field to mend. */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly field: 'schedule' | 'timeZone';

  constructor(field: 'schedule' | 'timeZone', message: string) {
    super(message);
    this.field = field;
  }
}
