import { type Fields, fieldsOf, isFields, listOf, textOf } from '../../objects/kubernetes-object.ts';
import { shortened } from '../schema-problem.ts';
import { type AddProblem, isSet } from './content-problem.ts';
import { containerProblems, profileProblems } from './container-content.ts';
import { isDnsLabel, labelForm } from '../../objects/name-forms.ts';

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'];

/** Volumes have a name, and one source. */
function volumeProblems(volume: Fields, path: string, add: AddProblem): void {
  const { name } = volume;
  if (typeof name === 'string' && name !== '' && !isDnsLabel(name)) add(`${path}.name`, labelForm);
  // All sources are maps. Another value is in a field that volumes do not have.
  const sources = Object.keys(volume).filter((field) => isFields(volume[field]));
  if (sources.length > 1) add(path, `volume ${shortened(textOf(name) ?? '')} has more than one source: ${sources.join(', ')}`);
  const hostPath = textOf(fieldsOf(volume['hostPath'])['path']);
  if (hostPath?.split('/').includes('..') === true) add(`${path}.hostPath.path`, "path must not contain '..'");
}

function tolerationProblems(toleration: Fields, path: string, add: AddProblem): void {
  const { key, operator, value, effect, tolerationSeconds } = toleration;
  if (operator === 'Exists' && isSet(value) && value !== '') add(`${path}.value`, 'value must be empty if operator is Exists');
  if (!key && operator !== 'Exists') add(`${path}.operator`, 'operator must be Exists if key is empty');
  if (isSet(tolerationSeconds) && effect !== 'NoExecute') add(`${path}.effect`, 'effect must be NoExecute if tolerationSeconds is set');
}

/**
 * Adds what the API server refuses in the spec of a pod. `path`: that of the spec. `claims`: the names of volumes that the controller adds,
 * as for `volumeClaimTemplates`.
 */
export function podProblems(spec: Fields, path: string, { add, claims }: { add: AddProblem; claims: readonly unknown[] }): void {
  const volumes = listOf(spec['volumes']);
  for (const [index, volume] of volumes.entries()) if (isFields(volume)) volumeProblems(volume, `${path}.volumes[${index}]`, add);
  const names = new Set([...volumes.map((volume) => fieldsOf(volume)['name']), ...claims]);
  // The server does not compare the ports of other containers.
  const onHostNetwork = spec['hostNetwork'] === true;
  for (const list of containerLists)
    for (const [index, container] of listOf(spec[list]).entries())
      if (isFields(container))
        containerProblems(container, `${path}.${list}[${index}]`, {
          add,
          volumes: names,
          onHostNetwork: onHostNetwork && list === 'containers',
        });
  for (const [index, toleration] of listOf(spec['tolerations']).entries())
    if (isFields(toleration)) tolerationProblems(toleration, `${path}.tolerations[${index}]`, add);
  profileProblems(spec['securityContext'], `${path}.securityContext`, add);
}
