import { expect } from 'chai';
import { atLeast } from '../../operator/catalogue/controls/severity.ts';
import { configurationAttacks } from './traces/configuration.ts';
import { credentialsAttacks } from './traces/credentials.ts';
import { permissionsAttacks } from './traces/permissions.ts';
import { secretsAttacks } from './traces/secrets.ts';
import { sessionsAttacks } from './traces/sessions.ts';
import { campaigns } from './traces/tools/campaigns.ts';
import { commands } from './traces/tools/commands.ts';
import { disguises } from './traces/tools/disguises.ts';
import { pentestTools } from './traces/tools/pentest-tools.ts';
import { slowAttacks } from './traces/tools/slow-attacks.ts';
import { techniques } from './traces/tools/techniques.ts';
import { usualControllers } from './traces/tools/usual-controllers.ts';
import { usualPeople } from './traces/tools/usual-people.ts';
import { usualChanges } from './traces/usual-changes.ts';
import { usualRequests } from './traces/usual-requests.ts';
import { workloadsAttacks } from './traces/workloads.ts';
import { World } from './world.ts';

const attacks = {
  configurationAttacks,
  credentialsAttacks,
  permissionsAttacks,
  secretsAttacks,
  sessionsAttacks,
  workloadsAttacks,
  campaigns,
  commands,
  disguises,
  pentestTools,
  slowAttacks,
  techniques,
};

describe('traces of attacks', () => {
  for (const [family, list] of Object.entries(attacks))
    describe(family, () => {
      for (const [title, play, finds, actor] of list)
        it(`reports ${title}`, () => {
          const world = new World();
          play(world);
          const found = world.findings();
          expect(found.flatMap(({ detection, severity }) => [detection, `${detection}:${severity}`])).to.include.members([...finds]);
          const names = finds.map((each) => each.split(':', 1)[0]);
          if (actor !== undefined)
            expect(found.filter(({ detection }) => names.includes(detection)).map((each) => each.actor)).to.include(actor);
        });
    });
});

describe('traces of usual work', () => {
  for (const [title, play, most = 'low'] of [...usualRequests, ...usualChanges, ...usualControllers, ...usualPeople])
    it(`raises nothing above ${most}: ${title}`, () => {
      const world = new World();
      play(world);
      const above = world.findings().filter(({ severity }) => severity !== most && atLeast(severity, most));
      expect(above.map(({ detection, severity, seen }) => `${severity} ${detection}: ${seen}`)).to.deep.equal([]);
    });
});
