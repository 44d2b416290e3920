import { showType } from './values/cel-type.ts';
import { MACROS } from './syntax/macro.ts';
import type { Overload } from './library/overload.ts';
import { OVERLOADS } from './library/overload-table.ts';

const operator = /^(_|!_|-_)|@/;

/** The syntax of a call, with the types of its arguments. */
function written({ name, member, params }: Overload): string {
  const types = params.map(showType);
  return member ? `${types[0] ?? ''}.${name}(${types.slice(1).join(', ')})` : `${name}(${types.join(', ')})`;
}

/** Formats a text as code in a cell of a Markdown table. */
const cell = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** Whether an overload replaces another one from a version on: both are one row. */
const replaces = ({ id, since }: Overload): boolean => OVERLOADS.some((other) => other.id === id && other.until === since);
const isReplaced = ({ id, until }: Overload): boolean => OVERLOADS.some((other) => other.id === id && other.since === until);

/** The versions that have a function; empty for all versions. */
function versions(overload: Overload): string {
  const { since, until } = overload;
  const end = until === undefined || isReplaced(overload) ? '' : `before ${until}`;
  return [since === '1.0' ? '' : since, end].filter((text) => text !== '').join(', ');
}

/** The reference of the language as Markdown: every macro and function, from the tables that the checker and the evaluator use. */
export function languageReference(): string {
  const functions = OVERLOADS.filter(({ name }) => !operator.test(name)).filter((overload) => !replaces(overload));
  const names = [...new Set(functions.map(({ name }) => name))].toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const rows = names.flatMap((name) =>
    functions
      .filter((overload) => overload.name === name)
      .map((overload) => `| ${cell(written(overload))} | ${cell(showType(overload.result))} | ${versions(overload)} |`),
  );
  const macros = MACROS.map(({ signature, since, doc }) => `| ${cell(signature)} | ${doc} | ${since === '1.0' ? '' : since} |`);
  return [
    '# The expression language of rules',
    '',
    'A rule has the same meaning as the same text in a ValidatingAdmissionPolicy. Vigil refuses functions that are newer than the',
    "cluster's version of Kubernetes; the message names the version that added the function.",
    '',
    '## Macros',
    '',
    '| macro | result | since |',
    '|---|---|---|',
    ...macros,
    '',
    '## Functions',
    '',
    '| call | type of the result | since |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
