import type { ControlParameters } from '../../catalogue/controls/control.ts';
import type { Outcome } from '../outcomes/outcome.ts';
import type { Subject } from './subject.ts';

/** Evaluates one object by code. Used for checks that are hard to write in CEL. */
export type BuiltinCheck = (subject: Subject, parameters: ControlParameters) => Outcome;
