import type { Section } from './control.ts';

/** What the API server makes of manifests. On a cluster it checked the objects itself. */
export const manifests: Section = {
  title: 'Manifests',
  controls: [
    {
      id: 'invalid-field',
      title: 'The API server accepts the values of all fields',
      severity: 'medium',
      essential: true,
      kinds: 'manifests',
      why: 'The API server refuses the object. The cluster keeps an older object or has none, and a setting of security in the manifest has no effect.',
      fix: 'Correct the type or the value of the field, or set the field if it is required.',
      example: {
        before: 'kind: Deployment\nspec: {replicas: "2", template: {spec: {restartPolicy: Never}}}\n',
        after: 'kind: Deployment\nspec: {replicas: 2, template: {spec: {restartPolicy: Always}}}\n',
      },
      message: 'the API server refuses the object',
      placement: {},
      theme: [],
      builtin: 'refusedField',
    },
    {
      id: 'unknown-field',
      title: 'All fields exist in the API',
      severity: 'medium',
      essential: true,
      kinds: 'manifests',
      why: 'A client that validates, such as kubectl, refuses the manifest. Another one drops the field without a word, and the setting has no effect.',
      fix: 'Correct the name of the field, or move it to the map that it belongs to.',
      example: {
        before: 'containers:\n- name: app\n  securityContext: {runAsNonRot: true}\n',
        after: 'containers:\n- name: app\n  securityContext: {runAsNonRoot: true}\n',
      },
      message: 'the API has no such field',
      placement: {},
      theme: [],
      builtin: 'unknownField',
    },
    {
      id: 'duplicate-list-item',
      title: 'The items of lists have different keys',
      severity: 'low',
      essential: false,
      kinds: 'manifests',
      why: 'Server-side apply refuses the list. Other clients can lose one of the items at the next change.',
      fix: 'Remove all but one of the items with the same key.',
      example: {
        before: 'env:\n- {name: MODE, value: a}\n- {name: MODE, value: b}\n',
        after: 'env:\n- {name: MODE, value: b}\n',
      },
      message: 'two items of a list have the same key',
      placement: {},
      theme: [],
      builtin: 'repeatedItem',
    },
  ],
};
