/** A shorter text cannot become large in memory. */
const HARMLESS = 1024 * 1024;
/** The most commas, brackets, braces and lines of a text. A body of 10 MiB of an API server has fewer: an event of 1 KB has about 40. */
const MOST_VALUES = 500_000;

/** Whether a text would become so many values that they need more memory, or its lines more time, than a body may take: three characters make an object. */
export const isTooComplex = (text: string): boolean => {
  if (text.length <= HARMLESS) return false;
  let values = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === 0x2c || code === 0x5b || code === 0x7b || code === 0x0a) values += 1;
  }
  return values > MOST_VALUES;
};
