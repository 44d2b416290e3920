import { fails, objects, passes, type Tables } from '../../control-table.ts';

const definition = (schema: string, more = '', version = ''): string =>
  `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: robots.example.org}, spec: {group: example.org, scope: Namespaced, names: {kind: Robot, plural: robots}, ${more}versions: [{name: v1, served: true, storage: true, ${version}schema: {openAPIV3Schema: {type: object, properties: {spec: ${schema}, status: {type: object}}}}}]}}`;
const robot = (spec: string, apiVersion = 'example.org/v1'): string =>
  `{apiVersion: ${apiVersion}, kind: Robot, metadata: {name: it, namespace: shop}, spec: ${spec}}`;
const together = (spec: string, schema: string, more = '', version = ''): string =>
  `${robot(spec)}\n---\n${definition(schema, more, version)}`;
const arms =
  '{type: object, required: [size], properties: {size: {type: integer, minimum: 1, maximum: 9}, arms: {type: array, items: {type: object, properties: {name: {type: string}}}}}}';
const one = (schema: string): string => `{type: object, properties: {a: ${schema}}}`;

/** Custom resources whose CustomResourceDefinition is among the files. */
export const table: Tables = {
  'invalid-field': objects(
    passes('all is well', together('{size: 3, arms: [{name: left}]}', arms)),
    fails('a text for a number', together('{size: "3"}', arms), 'spec.size'),
    fails('a number that is too large', together('{size: 10}', arms), 'spec.size'),
    fails('a fraction', together('{size: 1.5}', arms), 'spec.size'),
    fails('a required field', together('{arms: []}', arms), 'spec.size'),
    fails('a required field with a name that every object inherits', together('{}', '{type: object, required: [constructor], properties: {constructor: {type: string}}}'), 'spec.constructor'),
    passes('a required field with a default', together('{}', '{type: object, required: [size], properties: {size: {type: integer, default: 2}}}')),
    fails('a null for a required field', together('{size: null}', arms), 'spec.size'),
    passes('a null for a field that is nullable', together('{a: null}', '{type: object, required: [a], properties: {a: {type: string, nullable: true}}}')),
    fails('a map for a list', together('{size: 3, arms: {name: left}}', arms), 'spec.arms'),
    fails('an item of a list', together('{size: 3, arms: [{name: left}, {name: 5}]}', arms), 'spec.arms[1].name'),
    fails('none of several values', together('{a: purple}', one('{type: string, enum: [red, blue]}')), 'spec.a'),
    passes('one of several values', together('{a: red}', one('{type: string, enum: [red, blue]}'))),
    fails('a pattern', together('{a: x1}', one('{type: string, pattern: "^[a-z]+$"}')), 'spec.a'),
    passes('a pattern that fits a part', together('{a: x1}', one('{type: string, pattern: "[0-9]"}'))),
    passes('a pattern that is broken', together('{a: x1}', one('{type: string, pattern: "(["}'))),
    fails('a long text', together('{a: abcd}', one('{type: string, maxLength: 3}')), 'spec.a'),
    fails('few items', together('{a: []}', one('{type: array, minItems: 1, items: {type: string}}')), 'spec.a'),
    fails('an item of a set twice', together('{a: [x, x]}', one('{type: array, x-kubernetes-list-type: set, items: {type: string}}')), 'spec.a[1]'),
    fails('a key of a list twice', together('{a: [{n: x, v: 1}, {n: x, v: 2}]}', one('{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [n], items: {type: object, properties: {n: {type: string}, v: {type: integer}}}}')), 'spec.a[1]'),
    passes('a type that no schema can have', together('{a: x, b: {}}', '{type: object, properties: {a: {type: constructor}, b: {type: __proto__}}}')),
    passes('a number or a text', together('{a: 25%}', one('{x-kubernetes-int-or-string: true}'))),
    fails('a boolean for a number or a text', together('{a: true}', one('{x-kubernetes-int-or-string: true}')), 'spec.a'),
    fails('a value of a map', together('{a: {x: 1}}', one('{type: object, additionalProperties: {type: string}}')), 'spec.a.x'),
    fails('no alternative', together('{a: {}}', one('{type: object, properties: {x: {type: string}, y: {type: string}}, oneOf: [{required: [x]}, {required: [y]}]}')), 'spec.a'),
    passes('one alternative', together('{a: {x: b}}', one('{type: object, properties: {x: {type: string}, y: {type: string}}, oneOf: [{required: [x]}, {required: [y]}]}'))),
    fails('two alternatives', together('{a: {x: b, y: c}}', one('{type: object, properties: {x: {type: string}, y: {type: string}}, oneOf: [{required: [x]}, {required: [y]}]}')), 'spec.a'),
    fails('what must not be', together('{a: x}', one('{type: string, not: {enum: [x]}}')), 'spec.a'),
    passes('the status of a kind whose status is a resource of its own', together('{size: 3}', arms, '', 'subresources: {status: {}}, ').replace('spec: {size: 3}}', 'spec: {size: 3}, status: 5}')),
    fails('the status of another kind', together('{size: 3}', arms).replace('spec: {size: 3}}', 'spec: {size: 3}, status: 5}'), 'status'),
  ),
  'unknown-field': objects(
    passes('all is known', together('{size: 3}', arms)),
    fails('a mistyped field', together('{size: 3, sise: 4}', arms), 'spec.sise'),
    fails('a field of an item', together('{size: 3, arms: [{nam: left}]}', arms), 'spec.arms[0].nam'),
    fails('a field beside spec', `${robot('{size: 3}').replace('spec:', 'specs: {}, spec:')}\n---\n${definition(arms)}`, 'specs'),
    passes('a field that is kept', together('{size: 3, other: {a: b}}', arms.replace('type: object, required', 'type: object, x-kubernetes-preserve-unknown-fields: true, required'))),
    fails('a field of a known map below one that keeps others', together('{a: {x: 1}}', '{type: object, x-kubernetes-preserve-unknown-fields: true, properties: {a: {type: object, properties: {b: {type: string}}}}}'), 'spec.a.x'),
    passes('the names of a map', together('{a: {x: b}}', one('{type: object, additionalProperties: {type: string}}'))),
    passes('an object inside', together('{a: {apiVersion: v1, kind: A, metadata: {name: b}}}', one('{type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}'))),
    passes('a kind that keeps all fields', together('{size: 3, other: 1}', arms, 'preserveUnknownFields: true, ')),
    passes('a kind that two definitions describe', `${together('{other: 1}', arms)}\n---\n${definition(one('{type: string}'))}`),
  ),
}; // prettier-ignore
