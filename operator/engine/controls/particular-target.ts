import type { CatalogueEntry } from '../../catalogue/controls/control.ts';
import { mayShowComponents } from '../components/components-of.ts';
import { fieldsOf, type KubernetesObject, nameOf, textOf } from '../objects/kubernetes-object.ts';
import { isAboutComponent } from './argument-judge.ts';
import type { Subject } from './subject.ts';

/** Whether only particular objects of its kinds are targets of a control: those that show a program, or the one with a name. */
export const isParticular = ({ argument, named }: CatalogueEntry): boolean => argument !== undefined || named !== undefined;

function hasName({ named }: CatalogueEntry, object: KubernetesObject): boolean {
  return named?.name === nameOf(object) && named?.namespace === textOf(fieldsOf(object.metadata)['namespace']);
}

/** Whether an object is a target of a control about particular objects. */
export const isTarget = (control: CatalogueEntry, subject: Subject): boolean =>
  control.argument === undefined ? hasName(control, subject.object) : isAboutComponent(subject, control.argument);

/** Whether the metadata of an object in a system namespace shows that it can be a target of a control about particular objects. */
export const mayBeTarget = (control: CatalogueEntry, groupKind: string, object: KubernetesObject): boolean =>
  control.argument === undefined ? hasName(control, object) : mayShowComponents(groupKind, object);
