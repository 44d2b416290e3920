import { expect } from 'chai';
import { createLogger, type LogLevel } from '../../operator/telemetry/logger.ts';

/** Logs a line at the level info. Returns it, or undefined if the logger drops it. */
function logged(fields: object, level: LogLevel = 'info'): Record<string, unknown> | undefined {
  const lines: string[] = [];
  createLogger(level, { write: (line) => void lines.push(line) }).info(fields, 'a message');
  const [line] = lines;
  return line === undefined ? undefined : (JSON.parse(line) as Record<string, unknown>);
}

describe('the logger', () => {
  it('writes the level by name, the time as RFC 3339 and the message, without process and host', () => {
    const line = logged({ scan: 's' });
    expect(Object.keys(line ?? {})).to.deep.equal(['level', 'time', 'scan', 'msg']);
    expect(line).to.include({ level: 'info', scan: 's', msg: 'a message' });
    expect(line?.['time']).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('drops lines below its level', () => {
    expect([logged({}, 'warn'), logged({}, 'debug')?.['msg']]).to.deep.equal([undefined, 'a message']);
  });

  it('removes tokens, passwords and headers', () => {
    const secrets = { token: 'x', password: 'x', authorization: 'x', headers: { a: 'x' } };
    expect(logged({ ...secrets, request: { ...secrets, path: '/api' } })).to.deep.include({ request: { path: '/api' } });
    expect(Object.keys(logged(secrets) ?? {})).to.deep.equal(['level', 'time', 'msg']);
  });

  it('removes the body and the cause of an error, which may hold secrets', () => {
    const error = Object.assign(new Error('no', { cause: new Error('secret') }), { body: { data: 'secret' }, status: 403 });
    const { err } = logged({ err: error }) ?? {};
    expect(err).to.include({ status: 403 }).and.not.to.have.any.keys('body', 'cause');
  });
});
