import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prints the score of each room and the total, from the Stryker reports in a folder. */
const folder = process.argv[2] ?? 'dist/mutate';
const caught = ['Killed', 'Timeout'];
const missed = ['Survived', 'NoCoverage'];

const rows = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => {
    const { files } = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    const mutants = Object.values(files).flatMap((file) => file.mutants);
    const count = (statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
    return {
      room: name.replace('.json', ''),
      killed: count(caught),
      survived: count(['Survived']),
      notCovered: count(['NoCoverage']),
      all: count([...caught, ...missed]),
    };
  });
const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
const percent = ({ killed, all }) => (all === 0 ? '' : `${((100 * killed) / all).toFixed(1)} %`);
const line = (row) => `| ${row.room} | ${row.all} | ${row.killed} | ${row.survived} | ${row.notCovered} | ${percent(row)} |`;
const all = { room: 'all', killed: sum('killed'), survived: sum('survived'), notCovered: sum('notCovered'), all: sum('all') };
process.stdout.write(
  ['| room | mutants | killed | survived | not covered | score |', '|---|---|---|---|---|---|', ...rows.map(line), line(all), ''].join(
    '\n',
  ),
);
