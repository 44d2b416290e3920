import type { ComponentName } from '../../catalogue/controls/components/argument-check.ts';
import type { Fault } from '../outcomes/outcome.ts';
import type { ProgramArguments } from './program-arguments.ts';

/** What an object shows of a program of the control plane or of nodes. */
export interface ComponentView {
  readonly component: ComponentName;
  /** The path of an argument that is not there. */
  readonly place: string;
  readonly arguments: ProgramArguments;
  readonly container?: string;
  /** Why the arguments are not known. */
  readonly unknown?: string;
  readonly faults?: readonly Fault[];
  /** The arguments that the object can show. It says nothing about others, not even that they are not set. Undefined: all. */
  readonly shown?: ReadonlySet<string>;
  /** The values have the types of YAML. Otherwise they are the words of a command line. */
  readonly isTyped?: boolean;
}
