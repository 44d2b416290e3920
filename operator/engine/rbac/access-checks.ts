import type { CrossObjectCheck } from '../snapshot/cross-object-check.ts';
import { bindingGrants, danglingBinding, defaultRoleBinding } from './binding-checks.ts';
import { roleGrants } from './role-checks.ts';
import {
  adminServiceAccount,
  defaultServiceAccount,
  missingServiceAccount,
  takeoverPermissions,
  tokenAutomount,
} from './workload-access-checks.ts';

/** The checks of roles, bindings and service accounts, by the names that controls use. */
export const accessChecks: Readonly<Record<string, CrossObjectCheck>> = {
  roleGrants,
  bindingGrants,
  defaultRoleBinding,
  danglingBinding,
  adminServiceAccount,
  takeoverPermissions,
  tokenAutomount,
  defaultServiceAccount,
  missingServiceAccount,
};
