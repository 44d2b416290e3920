import { readFileSync } from 'node:fs';

/** Which room of operator/ may import which: the rules are made of hack/rooms.json, which ARCHITECTURE.md shows. */
const rooms = JSON.parse(readFileSync(new URL('hack/rooms.json', import.meta.url), 'utf8'));
const names = Object.keys(rooms);
const anyOf = (list) => `(${list.join('|')})`;

export default {
  forbidden: [
    {
      name: 'circle',
      severity: 'error',
      comment: 'Files import each other in a circle.',
      from: { path: '^operator/' },
      to: { circular: true },
    },
    {
      name: 'circle-of-folders',
      scope: 'folder',
      severity: 'error',
      comment: 'Folders import each other in a circle.',
      from: { path: '^operator/.' },
      to: { circular: true },
    },
    {
      name: 'room-without-row',
      severity: 'error',
      comment: 'Every room has a row in hack/rooms.json.',
      from: { path: '^operator/', pathNot: `^operator/(main\\.ts$|${anyOf(names)}/)` },
      to: {},
    },
    {
      name: 'outside-of-operator',
      severity: 'error',
      comment: 'The program needs nothing of the tests and tools.',
      from: { path: '^operator/' },
      to: { path: '^(test|hack)/' },
    },
    ...names.map((room) => ({
      name: `${room}-imports`,
      severity: 'error',
      comment: `operator/${room} may import: ${rooms[room].imports.join(', ') || 'no other room'} (hack/rooms.json).`,
      from: { path: `^operator/${room}/` },
      to: { path: '^operator/', pathNot: `^operator/${anyOf([room, ...rooms[room].imports])}/` },
    })),
  ],
  options: { doNotFollow: { path: 'node_modules' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' } },
};
