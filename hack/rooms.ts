import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A room of operator/, as hack/rooms.json has it. */
export interface Room {
  /** What is in it, in a sentence. */
  readonly holds: string;
  /** The rooms that it may import, each further up in the table. */
  readonly imports: readonly string[];
  /** The rooms inside it, and what is in each. */
  readonly inside?: Readonly<Record<string, string>>;
}

/** The rooms by name, from the bottom up. */
export type Rooms = Readonly<Record<string, Room>>;

const [begin, end] = ['<!-- rooms: generated from hack/rooms.json by hack/generate; do not edit -->', '<!-- rooms: end -->'];

/** The rooms of a checkout. Throws a message if a room imports one that is not above it, or if folders and table differ. */
export function readRooms(root: string): Rooms {
  const rooms = JSON.parse(readFileSync(join(root, 'hack/rooms.json'), 'utf8')) as Rooms;
  const problems = [...orderProblems(rooms), ...folderProblems(root, rooms)];
  if (problems.length > 0) throw new Error(`hack/rooms.json:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  return rooms;
}

/** A row may name rows above it only: so there is no circle. */
function orderProblems(rooms: Rooms): string[] {
  const above = new Set<string>();
  return Object.entries(rooms).flatMap(([name, { imports }]) => {
    const wrong = imports.filter((other) => !above.has(other));
    above.add(name);
    return wrong.map((other) => `${name} imports ${other}, which is not a row above it`);
  });
}

function folderProblems(root: string, rooms: Rooms): string[] {
  const operator = join(root, 'operator');
  return [
    ...differences('operator', foldersIn(operator), Object.keys(rooms)),
    ...Object.entries(rooms).flatMap(([name, { inside = {} }]) =>
      differences(`operator/${name}`, foldersIn(join(operator, name)), Object.keys(inside)),
    ),
  ];
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).length > 0)
        .map(({ name }) => name)
    : [];

const differences = (parent: string, there: readonly string[], named: readonly string[]): string[] => [
  ...there.filter((name) => !named.includes(name)).map((name) => `${parent}/${name} is not in the table`),
  ...named.filter((name) => !there.includes(name)).map((name) => `${parent}/${name} is not a folder`),
];

/** A text with the table and the picture of the rooms between its two comments. Throws if it has no such comments. */
export function withRooms(text: string, rooms: Rooms): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no place for the rooms: "${begin}" and "${end}" have to be there, in this order`);
  return `${text.slice(0, from)}${begin}\n\n${picture(rooms)}\n\n${table(rooms)}\n\n${text.slice(to)}`;
}

function table(rooms: Rooms): string {
  const rows = Object.entries(rooms).map(([name, { holds, imports, inside = {} }]) => {
    const inner = Object.entries(inside).map(([folder, text]) => `<br>\`${folder}\`: ${text}`);
    return `| \`${name}\` | ${holds}${inner.join('')} | ${imports.map((other) => `\`${other}\``).join(' ')} |`;
  });
  return ['| room | what is in it | may import |', '|---|---|---|', ...rows].join('\n');
}

/** The rooms as a Mermaid flowchart. An arrow that follows from others is left out. */
function picture(rooms: Rooms): string {
  const reach = new Map<string, ReadonlySet<string>>();
  for (const [name, { imports }] of Object.entries(rooms)) {
    reach.set(name, new Set(imports.flatMap((other) => [other, ...(reach.get(other) ?? [])])));
  }
  const arrows = Object.entries(rooms).flatMap(([name, { imports }]) => {
    const direct = imports.filter((other) => !imports.some((between) => reach.get(between)?.has(other)));
    return direct.length === 0 ? [`  ${name}`] : [`  ${name} --> ${direct.join(' & ')}`];
  });
  return ['```mermaid', 'flowchart TD', ...arrows.toReversed(), '```'].join('\n');
}
