import type { Exemption } from './control.ts';

const windows = "has(object.spec) && has(object.spec.os) && has(object.spec.os.name) && object.spec.os.name == 'windows'";

/** Windows pods have no such setting. */
export const onWindows: Exemption = { when: windows };

/** The Pod Security Standards exempt Windows pods from 1.25 on. */
export const onWindowsSince25: Exemption = { when: windows, since: 25 };

/** The Pod Security Standards accept root inside a user namespace from 1.35 on. */
export const inUserNamespaceSince35: Exemption = {
  when: 'has(object.spec) && has(object.spec.hostUsers) && object.spec.hostUsers == false',
  since: 35,
};
