import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Prints the score of each room and selection (the seed of a sample, or `all` mutants) and the total, from the Stryker reports in a folder.
 * ROOM.SEED.second.json holds what the tests of other rooms did with the mutants that survived. ROOM.files.json, of some files only, is not
 * counted.
 */
const folder = process.argv[2] ?? 'dist/mutate';
if (!existsSync(folder)) {
  process.stderr.write(`hack/mutate: no report in ${folder}: run hack/mutate --room ROOM first\n`);
  process.exit(2);
}
const caught = ['Killed', 'Timeout'];
const missed = ['Survived', 'NoCoverage'];

const mutantsOf = (report) =>
  (existsSync(report) ? Object.values(JSON.parse(readFileSync(report, 'utf8')).files) : []).flatMap(({ mutants }) => mutants);
/** Whether a mutant was not tried. The sample checker calls that a compile error. */
const isSkipped = (mutant) => mutant === undefined || mutant.status === 'CompileError';

const rows = readdirSync(folder)
  .filter((name) => /^[a-z]+\.(\d+|all)\.json$/.test(name))
  .sort()
  .map((name) => {
    const again = new Map(mutantsOf(join(folder, name.replace(/json$/, 'second.json'))).map((mutant) => [mutant.id, mutant]));
    const mutants = mutantsOf(join(folder, name)).map((mutant) => (isSkipped(again.get(mutant.id)) ? mutant : again.get(mutant.id)));
    const count = (statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
    const [room, seed] = name.split('.');
    return {
      room,
      seed,
      date: statSync(join(folder, name)).mtime.toISOString().slice(0, 10),
      mutants: mutants.length,
      tried: count([...caught, ...missed]),
      killed: count(caught),
      survived: count(['Survived']),
      notCovered: count(['NoCoverage']),
    };
  });
const columns = ['mutants', 'tried', 'killed', 'survived', 'notCovered'];
const total = Object.fromEntries(columns.map((column) => [column, rows.reduce((sum, row) => sum + row[column], 0)]));
const percent = ({ killed, tried }) => (tried === 0 ? '' : `${((100 * killed) / tried).toFixed(1)} %`);
const line = (row) => `| ${[row.room, row.seed, row.date, ...columns.map((column) => row[column]), percent(row)].join(' | ')} |`;
process.stdout.write(
  [
    '| room | seed | date | mutants of the room | tried | killed | survived | not covered | score |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(line),
    line({ room: 'all', seed: '', date: '', ...total }),
    '',
  ].join('\n'),
);
