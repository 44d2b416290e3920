import { CelFault } from '../values/cel-fault.ts';
import { library, method } from './overload.ts';
import type { OverloadEntry } from './overload.ts';

const NAME = 'kubernetes.authorization.';
const [AUTHORIZER, PATH, GROUP, RESOURCE, DECISION] = ['Authorizer', 'PathCheck', 'GroupCheck', 'ResourceCheck', 'Decision'].map(
  (name) => NAME + name,
) as [string, string, string, string, string];

function unavailable(): never {
  throw new CelFault('no_such_variable', 'the authorizer is only available at admission');
}

const check = (name: string, id: string, signature: string): OverloadEntry => method(name, id, signature, unavailable);

/** The functions of the authorizer. They compile, but only an API server can evaluate them. */
export const AUTHORIZER_FUNCTIONS = [
  ...library('1.27', [
    check('path', 'authorizer_path', `${AUTHORIZER}, string -> ${PATH}`),
    check('group', 'authorizer_group', `${AUTHORIZER}, string -> ${GROUP}`),
    check('serviceAccount', 'authorizer_serviceaccount', `${AUTHORIZER}, string, string -> ${AUTHORIZER}`),
    check('resource', 'groupcheck_resource', `${GROUP}, string -> ${RESOURCE}`),
    check('subresource', 'resourcecheck_subresource', `${RESOURCE}, string -> ${RESOURCE}`),
    check('namespace', 'resourcecheck_namespace', `${RESOURCE}, string -> ${RESOURCE}`),
    check('name', 'resourcecheck_name', `${RESOURCE}, string -> ${RESOURCE}`),
    check('check', 'pathcheck_check', `${PATH}, string -> ${DECISION}`),
    check('check', 'resourcecheck_check', `${RESOURCE}, string -> ${DECISION}`),
    check('errored', 'decision_errored', `${DECISION} -> bool`),
    check('error', 'decision_error', `${DECISION} -> string`),
    check('allowed', 'decision_allowed', `${DECISION} -> bool`),
    check('reason', 'decision_reason', `${DECISION} -> string`),
  ]),
  ...library('1.31', [
    check('fieldSelector', 'authorizer_fieldselector', `${RESOURCE}, string -> ${RESOURCE}`),
    check('labelSelector', 'authorizer_labelselector', `${RESOURCE}, string -> ${RESOURCE}`),
  ]),
];
