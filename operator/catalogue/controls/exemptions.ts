import type { Exemption } from './control.ts';

const windows = "has(object.spec) && has(object.spec.os) && has(object.spec.os.name) && object.spec.os.name == 'windows'";

/** Exempts Windows pods, which do not have the setting. */
export const onWindows: Exemption = { when: windows };

/** Exempts Windows pods from 1.25, as the Pod Security Standards do. */
export const onWindowsSince25: Exemption = { when: windows, since: 25 };

/** Exempts pods in a user namespace from 1.35, as the Pod Security Standards do. */
export const inUserNamespaceSince35: Exemption = {
  when: 'has(object.spec) && has(object.spec.hostUsers) && object.spec.hostUsers == false',
  since: 35,
};
