/** A schedule that cannot be used. `field`: the spec field with the error. */
export class CronError extends Error {
  override readonly name = 'CronError';
  readonly field: 'schedule' | 'timeZone';

  constructor(field: 'schedule' | 'timeZone', message: string) {
    super(message);
    this.field = field;
  }
}
