import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { serverMinor } from '../cluster-access.ts';
import { compareEngines, Oracle } from '../../cel/differential.ts';

describe("the expression language compared with Kubernetes' compiler", function () {
  this.timeout(600_000);

  it('has the same results for random expressions with every overload', async () => {
    const version = serverMinor();
    const oracle = new Oracle(execFileSync('hack/fuzz', ['--kubernetes', version, '--build'], { encoding: 'utf8' }).trim());
    const extent = { version, seed: 20_261_124, wanted: 12_000, milliseconds: 120_000 };
    const { differences, counts, sameCost } = await compareEngines(oracle, extent);
    oracle.close();
    process.stdout.write(`      ${JSON.stringify({ ...counts, sameCost })}\n`);
    expect(differences.slice(0, 10), `${String(differences.length)} differences`).to.deep.equal([]);
    expect(counts['value']).to.be.greaterThan(1000);
    expect(counts['error']).to.be.greaterThan(1000);
    expect(counts['refused']).to.be.greaterThan(500);
  });
});
