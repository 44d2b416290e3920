import type { Section } from './control.ts';
import { apiServerControls } from './components/api-server.ts';
import { configurations } from './components/configurations.ts';
import { controlPlanePrograms } from './components/control-plane-programs.ts';
import { nodePrograms } from './components/node-programs.ts';

/** CIS Kubernetes Benchmark, sections 1 to 4, as far as objects and files show the arguments of programs. */
export const controlPlaneAndNodes: Section = {
  title: 'Control plane and nodes',
  controls: [...apiServerControls, ...controlPlanePrograms, ...nodePrograms, ...configurations],
};
