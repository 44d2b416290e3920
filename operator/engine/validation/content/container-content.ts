import { type Fields, fieldsOf, isFields, listOf, textsOf } from '../../objects/kubernetes-object.ts';
import { shortened } from '../schema-problem.ts';
import { quantityNumber } from '../../schema/quantity-number.ts';
import { type AddProblem, checkNotNegative, checkPort, isSet } from './content-problem.ts';
import { isDnsLabel, isPortName, labelForm } from '../../objects/name-forms.ts';

/** What the problems of a container depend on, beside itself. */
export interface ContainerContext {
  readonly add: AddProblem;
  /** The names of the volumes of the pod. */
  readonly volumes: ReadonlySet<unknown>;
  readonly onHostNetwork: boolean;
}

function portProblems(port: Fields, path: string, { add, onHostNetwork }: ContainerContext): void {
  const { name, containerPort, hostPort } = port;
  if (typeof name === 'string' && name !== '' && !isPortName(name))
    add(`${path}.name`, 'name must have at most 15 small letters, digits and single -, with a letter');
  checkPort(containerPort, `${path}.containerPort`, add);
  if (hostPort !== 0) checkPort(hostPort, `${path}.hostPort`, add);
  if (onHostNetwork && typeof hostPort === 'number' && hostPort !== 0 && hostPort !== containerPort)
    add(`${path}.hostPort`, 'hostPort must be containerPort on the network of the node');
}

/** Requests are not above limits, and neither is below zero. A limit below zero makes a request of the same. */
function resourceProblems(resources: Fields, path: string, add: AddProblem): void {
  const [limits, requests] = [fieldsOf(resources['limits']), fieldsOf(resources['requests'])];
  const amountIn = (amounts: Fields, name: string): number => quantityNumber(amounts[name]) ?? NaN;
  for (const name in limits)
    if (amountIn(limits, name) < 0) add(`${path}.limits['${name}']`, `limits of ${shortened(name)} must not be less than 0`);
  for (const name in requests) {
    const [request, limit] = [amountIn(requests, name), amountIn(limits, name)];
    if (request > limit) add(`${path}.requests['${name}']`, `requests of ${shortened(name)} must not be above its limit`);
    else if (request < 0 && !(limit < 0)) add(`${path}.requests['${name}']`, `requests of ${shortened(name)} must not be less than 0`);
  }
}

function mountProblems(mounts: readonly unknown[], path: string, { add, volumes }: ContainerContext): void {
  const paths = new Set<unknown>();
  for (const [index, mount] of mounts.entries()) {
    const { name, mountPath } = fieldsOf(mount);
    if (typeof name === 'string' && name !== '' && !volumes.has(name))
      add(`${path}[${index}].name`, `name ${shortened(name)} is no volume of the pod`);
    if (typeof mountPath === 'string' && paths.has(mountPath)) add(`${path}[${index}].mountPath`, 'mountPath is that of another mount');
    paths.add(mountPath);
  }
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'];
const times = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];

/** A probe or a hook has one action. */
function handlerProblems(handler: Fields, path: string, add: AddProblem): void {
  const set = handlers.filter((name) => isSet(handler[name]));
  const name = path.slice(path.lastIndexOf('.') + 1);
  if (set.length === 0) add(path, `${name} must have an action, such as httpGet`);
  if (set.length > 1) add(path, `${name} has more than one action: ${set.join(', ')}`);
  checkPort(fieldsOf(handler['httpGet'])['port'], `${path}.httpGet.port`, add);
  checkPort(fieldsOf(handler['tcpSocket'])['port'], `${path}.tcpSocket.port`, add);
}

function probeProblems(container: Fields, path: string, add: AddProblem): void {
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (!isFields(probe)) continue;
    handlerProblems(probe, `${path}.${name}`, add);
    checkNotNegative(probe, times, { path: `${path}.${name}`, add });
    const { successThreshold } = probe;
    if (name !== 'readinessProbe' && typeof successThreshold === 'number' && successThreshold > 1)
      add(`${path}.${name}.successThreshold`, `successThreshold of a ${name} must be 1`);
  }
  const lifecycle = fieldsOf(container['lifecycle']);
  for (const name of ['postStart', 'preStop']) {
    const hook = lifecycle[name];
    if (isFields(hook)) handlerProblems(hook, `${path}.lifecycle.${name}`, add);
  }
}

/** The server refuses to keep a process from more privileges that it already has. */
function privilegeProblems(securityContext: Fields, path: string, add: AddProblem): void {
  const { privileged, allowPrivilegeEscalation, capabilities } = securityContext;
  if (allowPrivilegeEscalation !== false) return;
  if (privileged === true) add(path, 'securityContext has privileged: true and allowPrivilegeEscalation: false');
  if (textsOf(fieldsOf(capabilities)['add']).includes('CAP_SYS_ADMIN'))
    add(path, 'securityContext adds CAP_SYS_ADMIN and has allowPrivilegeEscalation: false');
}

/** The type decides whether a profile of the node is named. */
export function profileProblems(securityContext: unknown, path: string, add: AddProblem): void {
  for (const name of ['seccompProfile', 'appArmorProfile']) {
    const { type, localhostProfile } = fieldsOf(fieldsOf(securityContext)[name]);
    const at = `${path}.${name}.localhostProfile`;
    if (type === 'Localhost' && !localhostProfile) add(at, 'localhostProfile is required for the type Localhost');
    if (typeof type === 'string' && type !== 'Localhost' && isSet(localhostProfile))
      add(at, 'localhostProfile must not be set for another type than Localhost');
  }
}

function variableProblems(variable: Fields, path: string, add: AddProblem): void {
  const { value, valueFrom } = variable;
  if (!isSet(valueFrom)) return;
  if (value) add(`${path}.valueFrom`, 'valueFrom must not be set beside a value');
  const sources = Object.keys(fieldsOf(valueFrom)).filter((name) => isSet(fieldsOf(valueFrom)[name]));
  if (sources.length !== 1) add(`${path}.valueFrom`, 'valueFrom must have one source');
}

const ofPod = /^spec\.[A-Za-z]+\[/;

/** The name, the image, and the security context. The server reads images of pods, and not those of templates. */
function ownProblems({ name, image, securityContext }: Fields, path: string, add: AddProblem): void {
  if (typeof name === 'string' && name !== '' && !isDnsLabel(name)) add(`${path}.name`, labelForm);
  if (ofPod.test(path) && typeof image === 'string' && image !== image.trim())
    add(`${path}.image`, 'image must not begin or end with a space');
  profileProblems(securityContext, `${path}.securityContext`, add);
  if (isFields(securityContext)) privilegeProblems(securityContext, `${path}.securityContext`, add);
}

/** Adds what the API server refuses in a container. `path`: that of the container. */
export function containerProblems(container: Fields, path: string, context: ContainerContext): void {
  const { add } = context;
  ownProblems(container, path, add);
  for (const [index, port] of listOf(container['ports']).entries())
    if (isFields(port)) portProblems(port, `${path}.ports[${index}]`, context);
  for (const [index, variable] of listOf(container['env']).entries()) variableProblems(fieldsOf(variable), `${path}.env[${index}]`, add);
  if (isFields(container['resources'])) resourceProblems(container['resources'], `${path}.resources`, add);
  mountProblems(listOf(container['volumeMounts']), `${path}.volumeMounts`, context);
  probeProblems(container, path, add);
}
