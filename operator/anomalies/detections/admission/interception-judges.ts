import { nameTemplate } from '../../facts/template-names.ts';
import { nothing, type ChangeJudge, type JudgeContext, type JudgedChange, type Observation } from '../judge.ts';
import { objectSubject, subjectText } from '../subjects.ts';

const day = 86_400_000;

/** What sees or changes requests and is added, has another target or other rules, or is gone. */
export const webhookConfiguration: ChangeJudge = (change, context) => {
  const { after, before, object, actor } = change;
  const interception = after?.interception ?? before?.interception;
  if (interception === undefined) return nothing;
  const owner = `webhook:${object.kind}/${nameTemplate(object.name)}`;
  const base = { detection: 'webhook-configuration', about: objectSubject(change) } as const;
  const what = subjectText(object);
  if (after === undefined) {
    const compared = { kind: 'first-seen', owner, key: `deleted by ${actor.key}` } as const;
    return [{ ...base, seen: `${what} was deleted`, normal: 'it was there', compared }];
  }
  const targets = interception.targets.join(', ');
  const isWorse = interception.external || (interception.broad && !isEstablished(change, context));
  const found: Observation[] = [
    {
      ...base,
      seen: `${what} ${interception.does}`,
      ...(isWorse ? { severity: 'critical' as const } : {}),
      normal: before?.interception === undefined ? `there was no such ${object.kind}` : 'it had another target',
      compared: { kind: 'first-seen', owner, key: `to ${targets}` },
    },
  ];
  const isRuled = before?.interception !== undefined && before.interception.rules !== interception.rules;
  const isMade = before === undefined;
  if (isRuled || isMade)
    found.push({
      ...base,
      seen: `${actor.name} changed what ${what} sees or does`,
      learnOnly: isMade,
      compared: { kind: 'first-seen', owner, key: `by ${actor.key}`, habit: `${what} has been changed` },
    });
  return found;
};

/** Whether the actor has been at work for a day, with a habit of several things. */
function isEstablished({ actor, at }: JudgedChange, { known }: JudgeContext): boolean {
  const since = known.since(actor.key);
  return since !== undefined && at - since >= day && known.count(actor.key) >= 5;
}
