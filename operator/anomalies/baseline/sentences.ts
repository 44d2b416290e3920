import type { RateExcess } from './rates.ts';

/** The date of a minute since 1970. */
export const dateOf = (minute: number): string => new Date(minute * 60_000).toISOString().slice(0, 10);

/** What a sentence about a rate ends with. */
export const slowly: Readonly<Record<RateExcess['period'], string>> = {
  window: '',
  day: ' within a day, slowly',
  month: ' that are new within 30 days, slowly',
};

/** What is usual for a rate, as a sentence. */
export function usual({ limit, isLearned, period }: RateExcess, window: number): string {
  const minutes = window / 60_000;
  if (period === 'month') return `more than ${limit} new ones in 30 days are always reported`;
  const time = period === 'day' ? 'a day' : minutes === 1 ? 'a minute' : `${minutes} minutes`;
  const most = Math.round(limit * 10) / 10;
  if (isLearned) return `at most ${most} in ${time} are usual, by the last 14 days`;
  return `more than ${most} in ${time} are reported unless the last 14 days show that they are usual`;
}

/** The namespace of an owner such as `ns:shop` or `workload:Deployment/shop/web`, or its kind. */
export const placeOf = (owner: string): string => owner.split('/', 2).join('/').slice(0, 60);

/** A sentence ends without a full stop here: the message joins them. Its first letter stays, since names are case-sensitive. */
export const sentence = (text: string): string => shortened(text.trim());

/** The most characters of a sentence. What it names is chosen by whom it is about. */
const longestSentence = 2000;
const shortened = (text: string): string => (text.length > longestSentence ? `${text.slice(0, longestSentence)}…` : text);
