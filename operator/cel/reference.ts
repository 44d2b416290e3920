import { showType } from './values/cel-type.ts';
import { MACROS } from './syntax/macro.ts';
import type { Overload } from './library/overload.ts';
import { OVERLOADS } from './library/overload-table.ts';

const operator = /^(_|!_|-_)|@/;

/** How a call is written, with the types of its arguments. */
function written({ name, member, params }: Overload): string {
  const types = params.map(showType);
  return member ? `${types[0] ?? ''}.${name}(${types.slice(1).join(', ')})` : `${name}(${types.join(', ')})`;
}

/** What a cell of a Markdown table can hold. */
const cell = (text: string): string => `\`${text.replaceAll('|', '\\|')}\``;

/** Whether an overload is what a version makes of another one: both are one row. */
const replaces = ({ id, since }: Overload): boolean => OVERLOADS.some((other) => other.id === id && other.until === since);
const isReplaced = ({ id, until }: Overload): boolean => OVERLOADS.some((other) => other.id === id && other.since === until);

/** In which versions a function is there: nothing where in all. */
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
    'A rule means what the same text means in a ValidatingAdmissionPolicy. What came with a later version of Kubernetes than the',
    "cluster's is refused, with the version that brought it.",
    '',
    '## Macros',
    '',
    '| macro | what it gives | since |',
    '|---|---|---|',
    ...macros,
    '',
    '## Functions',
    '',
    '| call | gives | since |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
