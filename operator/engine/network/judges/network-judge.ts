import type { ControlParameters } from '../../../catalogue/controls/control.ts';
import type { KubernetesObject } from '../../objects/kubernetes-object.ts';
import type { Outcome } from '../../outcomes/outcome.ts';

/** Evaluates one object by code, with the parameters of a control. */
export type NetworkJudge = (object: KubernetesObject, parameters: ControlParameters) => Outcome;
