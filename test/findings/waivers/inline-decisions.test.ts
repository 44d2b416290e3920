import { expect } from 'chai';
import type { ExceptionBounds } from '../../../operator/api/kinds/policy-exceptions.ts';
import { inlineOf } from '../../../operator/findings/waivers/inline-exceptions.ts';
import { exception, now, setOf, subject, target } from './samples.ts';

describe('The annotation vigil.dev/except of an object', () => {
  const inline = JSON.stringify([{ check: 'run-as-non-root', reason: 'needs root until 4.2', until: '2026-07-01' }]);
  const decide = (annotation: string, bounds?: ExceptionBounds, check = 'run-as-non-root'): unknown =>
    setOf([], bounds).decide(subject({ check }), target({ inline: annotation }), now);

  it('covers a failure of the object if the policy allows it', () => {
    expect(decide(inline, { inline: 'Allow' })).to.deep.equal({ kind: 'excepted', ids: ['inline'], until: Date.parse('2026-07-01') });
  });

  it('is refused by default, and says so', () => {
    expect(decide(inline)).to.deep.equal({ kind: 'refused', id: 'inline', reason: 'SecurityPolicy/baseline: exceptions.inline is Refuse' });
    expect(decide(inline, {}, 'host-pid')).to.equal(undefined);
  });

  it('covers nothing else, and names no problem for what it does not select', () => {
    expect(decide(inline, { inline: 'Allow' }, 'host-pid')).to.equal(undefined);
    expect(decide('[]', { inline: 'Allow' })).to.equal(undefined);
    expect(decide('[]')).to.equal(undefined);
    // A problem of the text counts only where the policy reads it.
    expect(decide('{')).to.equal(undefined);
    // Without the names of rules, any name may be that of a rule.
    expect(decide(inline.replace('run-as-non-root', 'run-as-nonroot'), { inline: 'Allow' })).to.equal(undefined);
  });

  it('covers all containers of the failure', () => {
    const failure = subject({ containers: ['app', 'sidecar'] });
    expect(setOf([], { inline: 'Allow' }).decide(failure, target({ inline }), now)).to.have.property('kind', 'excepted');
  });

  it('counts beside the exceptions of the cluster, and the latest end counts', () => {
    const both = (expiresAt: string): unknown =>
      setOf([exception({ expiresAt })], { inline: 'Allow' }).decide(subject(), target({ inline }), now);
    expect(both('2026-06-15T00:00:00Z')).to.include({ kind: 'excepted', until: Date.parse('2026-07-01') });
    expect(both('2026-08-01T00:00:00Z')).to.include({ kind: 'excepted', until: Date.parse('2026-08-01') });
    expect(setOf([exception()]).decide(subject(), target({ inline }), now)).to.deep.include({ kind: 'excepted', ids: ['web/legacy'] });
    expect(setOf([exception()], { inline: 'Allow' }).decide(subject(), target({ inline: '{' }), now)).to.have.property('kind', 'excepted');
  });

  it('covers vulnerabilities by their id', () => {
    for (const id of ['CVE-2026-1', 'GHSA-abcd'])
      expect(decide(inline.replace('run-as-non-root', id), { inline: 'Allow' }, id), id).to.have.property('kind', 'excepted');
  });

  it('has no end before the day of until', () => {
    const set = setOf([], { inline: 'Allow' });
    const at = (time: string): unknown => set.decide(subject(), target({ inline }), Date.parse(time));
    expect(at('2026-06-30T23:59:59Z')).to.have.property('kind', 'excepted');
    expect(at('2026-07-01T00:00:00Z')).to.equal(undefined);
  });

  it('keeps to the other bounds of the policy', () => {
    expect(decide(inline, { inline: 'Allow', maxSeverity: 'low' })).to.have.property('kind', 'refused');
  });

  it('lasts as long as the policy allows, counted from the creation of the object', () => {
    const bounds = { inline: 'Allow', maxDuration: '60d' } as const;
    expect(decide(inlineOf(inline, '2026-05-31T00:00:00Z') ?? '', bounds)).to.have.property('kind', 'excepted');
    expect(decide(inlineOf(inline, '2026-01-01T00:00:00Z') ?? '', bounds)).to.have.property('kind', 'refused');
  });

  it('names an unknown check at every failure that it does not cover', () => {
    const text = inline.replace('run-as-non-root', 'run-as-nonroot');
    const set = setOf([], { inline: 'Allow' }, { rules: new Set(['team-label']) });
    expect(set.decide(subject(), target({ inline: text }), now)).to.deep.equal({
      kind: 'refused',
      id: 'inline',
      reason:
        "the annotation vigil.dev/except: name: no control and no rule of a policy has the name 'run-as-nonroot' (did you mean 'run-as-non-root'?)",
    });
    for (const check of ['team-label', 'CVE-2026-1', 'GHSA-1'])
      expect(set.decide(subject(), target({ inline: inline.replace('run-as-non-root', check) }), now), check).to.equal(undefined);
    expect(set.decide(subject(), target({ inline }), now)).to.have.property('kind', 'excepted');
    expect(set.decide(subject({ check: 'host-pid' }), target({ inline }), now)).to.equal(undefined);
  });

  it('is cut to what is read, and is then refused', () => {
    const long = inlineOf(' '.repeat(300_000), undefined) ?? '';
    expect(long).to.have.length(8193);
    expect(decide(long, { inline: 'Allow' })).to.have.property('kind', 'refused');
  });

  for (const [text, reason] of [
    ['{', 'the annotation vigil.dev/except is not JSON'],
    ['[{"check": "run-as-non-root"}]', /^the annotation vigil.dev\/except is invalid: 0.reason: /],
    [inline.replace('2026-07-01', '2026-02-31'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    [inline.replace('2026-07-01', 'whatever 2027'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    ['{"check": "run-as-non-root"}', /^the annotation vigil.dev\/except is invalid: Invalid input: expected array/],
    [inline.replace('run-as-non-root', ''), /^the annotation vigil.dev\/except is invalid: 0.check: /],
    [inline.replace('run-as-non-root', 'c'.repeat(129)), /^the annotation vigil.dev\/except is invalid: 0.check: /],
    [inline.replace('needs root until 4.2', 'too short'), /^the annotation vigil.dev\/except is invalid: 0.reason: /],
    [inline.replace('needs root until 4.2', 'r'.repeat(4097)), /^the annotation vigil.dev\/except is invalid: 0.reason: /],
    [inline.replace('"check"', '"container":"app","check"'), /^the annotation vigil.dev\/except is invalid: 0: .*container/],
    [`[${Array.from({ length: 65 }, () => '{}').join()}]`, /^the annotation vigil.dev\/except is invalid: .*64/],
    [inline.replace('2026-07-01', 'soon'), /^the annotation vigil.dev\/except is invalid: 0.until: must be a date/],
    [' '.repeat(9000), 'the annotation vigil.dev/except has more than 8192 characters'],
  ] as const)
    it(`is refused with the reason if it is ${text.trim().slice(0, 30)}`, () => {
      const { reason: found } = decide(text, { inline: 'Allow' }) as { reason: string };
      if (typeof reason === 'string') expect(found).to.equal(reason);
      else expect(found).to.match(reason);
    });
});
