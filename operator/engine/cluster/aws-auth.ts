import { readPlainYaml } from '../../manifests/plain-yaml.ts';
import { fieldsOf, isFields, type KubernetesObject, listOf, textOf } from '../objects/kubernetes-object.ts';
import { clean, type Fault, type Outcome, type Violation } from '../outcomes/outcome.ts';

/** One entry of mapRoles or mapUsers. */
interface Mapping {
  readonly path: string;
  readonly arn: string;
  readonly groups: readonly unknown[];
}

interface Mappings {
  readonly mappings: readonly Mapping[];
  readonly faults: readonly Fault[];
}

function readList(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text.trim() === '' ? [] : readPlainYaml(text.split('\n'), 1)?.value;
  }
}

const nothing: Mappings = { mappings: [], faults: [] };
const faulty = (path: string, problem: string): Mappings => ({ mappings: [], faults: [{ path, problem }] });

function mappingsOf(data: unknown, key: 'mapRoles' | 'mapUsers', arnField: 'rolearn' | 'userarn'): Mappings {
  const text = fieldsOf(data)[key];
  const path = `data['${key}']`;
  if (text === undefined || text === null) return nothing;
  if (typeof text !== 'string') return faulty(path, 'expected a string');
  const list = readList(text) ?? null;
  if (!Array.isArray(list))
    return faulty(path, list === null && text.trim() !== '' ? 'the YAML cannot be read as a list' : 'expected a list');
  if (!list.every(isFields)) return faulty(path, 'expected a list of maps');
  if (!list.every(({ groups }) => (groups ?? null) === null || Array.isArray(groups))) return faulty(path, 'expected groups to be a list');
  return {
    mappings: list.map((entry) => ({ path, arn: textOf(fieldsOf(entry)[arnField]) ?? '', groups: listOf(fieldsOf(entry)['groups']) })),
    faults: [],
  };
}

/** The root user of an account, or a pattern: more than one identity. */
const isBroad = (arn: string): boolean => /:root$|[*?]/.test(arn);

/** The last part of an ARN, such as role/admin. It has no number of an account. */
const shortArn = (arn: string): string => (arn === '' ? 'an entry without ARN' : arn.slice(arn.lastIndexOf(':') + 1));

/** Fails for the roles and users of IAM that aws-auth adds to system:masters. Critical if one of them is an account or a pattern. */
export function awsMasters(object: KubernetesObject): Outcome {
  const data = object['data'] ?? {};
  if (!isFields(data)) return { ...clean, faults: [{ path: 'data', problem: 'expected a map' }] };
  const read = [mappingsOf(data, 'mapRoles', 'rolearn'), mappingsOf(data, 'mapUsers', 'userarn')];
  const masters = read.flatMap(({ mappings }) => mappings).filter(({ groups }) => groups.includes('system:masters'));
  const violations: Violation[] = masters.map(({ path, arn }) => ({ path, label: shortArn(arn) }));
  const faults = read.flatMap((each) => each.faults);
  if (violations.length + faults.length === 0) return clean;
  return { violations, faults, ...(masters.some(({ arn }) => isBroad(arn)) ? { severity: 'critical' as const } : {}) };
}

/** Fails for the accounts of AWS whose users aws-auth lets in. */
export function awsAccounts(object: KubernetesObject): Outcome {
  const data = object['data'] ?? {};
  if (!isFields(data)) return { ...clean, faults: [{ path: 'data', problem: 'expected a map' }] };
  const text = data['mapAccounts'];
  const path = "data['mapAccounts']";
  if (text === undefined || text === null) return clean;
  const list = typeof text === 'string' ? readList(text) : undefined;
  if (list !== null && !Array.isArray(list)) return { ...clean, faults: [{ path, problem: 'expected a list of accounts' }] };
  return listOf(list).length === 0 ? clean : { violations: [{ path }], faults: [] };
}
