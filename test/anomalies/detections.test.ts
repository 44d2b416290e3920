import { expect } from 'chai';
import { detections } from '../../operator/catalogue/detections/detections.ts';
import { addressTables } from './tables/addresses.ts';
import { certificateTables } from './tables/certificates.ts';
import { clusterTables } from './tables/cluster.ts';
import { credentialTables } from './tables/credentials.ts';
import { dataAccessTables } from './tables/data-access.ts';
import { podTables } from './tables/pods.ts';
import { probingTables } from './tables/probing.ts';
import { roleTables } from './tables/roles.ts';
import { sequenceTables } from './tables/sequences.ts';
import type { Tables } from './tables/table.ts';
import { workloadTables } from './tables/workloads.ts';
import { World } from './world.ts';

const tables: Tables = {
  ...addressTables,
  ...certificateTables,
  ...clusterTables,
  ...credentialTables,
  ...dataAccessTables,
  ...podTables,
  ...probingTables,
  ...roleTables,
  ...sequenceTables,
  ...workloadTables,
};

describe('the tables of detections', () => {
  it('have at least three sequences that fire and three near misses for every detection', () => {
    const short = detections.filter(({ id }) => (tables[id]?.fires.length ?? 0) < 3 || (tables[id]?.quiet.length ?? 0) < 3);
    expect(short.map(({ id }) => id)).to.deep.equal([]);
    expect(Object.keys(tables).filter((name) => !detections.some(({ id }) => id === name))).to.deep.equal([]);
  });

  for (const [detection, { fires, quiet }] of Object.entries(tables))
    describe(detection, () => {
      for (const [title, play, expected = {}] of fires)
        it(`reports ${title}`, () => {
          const world = new World();
          play(world);
          const found = world.of(detection);
          expect(
            found,
            world
              .findings()
              .map(({ detection: other }) => other)
              .join(),
          ).to.have.length.at.least(1);
          const [first] = found;
          if (expected.actor !== undefined) expect(first?.actor).to.equal(expected.actor);
          if (expected.severity !== undefined) expect(first?.severity).to.equal(expected.severity);
          if (expected.seen !== undefined) expect(first?.seen).to.match(expected.seen);
          expect(first?.normal).to.match(/\S.{5,}/);
        });
      for (const [title, play] of quiet)
        it(`does not report ${title}`, () => {
          const world = new World();
          play(world);
          expect(world.of(detection).map(({ seen }) => seen)).to.deep.equal([]);
        });
    });
});
