import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { customResourceDefinition } from '../../../operator/api/crds/crd.ts';
import { age, type KindDefinition } from '../../../operator/api/crds/kind-definition.ts';
import { ownKinds } from '../../../operator/api/crds/own-kinds.ts';
import { reportKinds } from '../../../operator/api/crds/report-kinds.ts';
import { field } from '../../../operator/api/field.ts';

type Json = Record<string, unknown>;

describe('customResourceDefinition', () => {
  // Users install the committed files, and the operator compares the cluster with the kinds.
  for (const kind of [...ownKinds, ...reportKinds])
    it(`returns the committed CRD of ${kind.kind}`, () => {
      const file = new URL(`../../../crds/${kind.group}_${kind.plural}.yaml`, import.meta.url);
      expect(JSON.parse(JSON.stringify(customResourceDefinition(kind)))).to.deep.equal(parse(readFileSync(file, 'utf8')));
    });

  const kindWith = (body: z.ZodObject, more: Partial<KindDefinition> = {}): KindDefinition => ({
    group: 'example.org',
    version: 'v2',
    kind: 'Widget',
    plural: 'widgets',
    shortNames: [],
    namespaced: false,
    description: 'A widget.',
    body,
    statusSubresource: false,
    columns: [age],
    ...more,
  });
  const specOf = (kind: KindDefinition): Json => customResourceDefinition(kind)['spec'] as Json;
  const versionOf = (kind: KindDefinition): Json => (specOf(kind)['versions'] as Json[])[0] ?? {};
  const schemaOf = (kind: KindDefinition): Json => (versionOf(kind)['schema'] as Json)['openAPIV3Schema'] as Json;
  const propertiesOf = (body: z.ZodObject): Json => schemaOf(kindWith(body))['properties'] as Json;

  it('omits short names, categories, rules and the status subresource that a kind does not have', () => {
    const kind = kindWith(z.strictObject({}));
    expect(specOf(kind)['names']).to.deep.equal({ kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' });
    expect(specOf(kind)['scope']).to.equal('Cluster');
    expect(Object.keys(versionOf(kind))).to.deep.equal(['name', 'served', 'storage', 'additionalPrinterColumns', 'schema']);
    expect(Object.keys(schemaOf(kind))).to.deep.equal(['type', 'description', 'properties']);
  });

  it('has short names, categories, rules and the status subresource of a kind', () => {
    const rules = [{ rule: 'true', message: 'never' }];
    const kind = kindWith(z.strictObject({ size: z.int() }), {
      shortNames: ['w'],
      categories: ['all'],
      namespaced: true,
      statusSubresource: true,
      rules,
    });
    expect(specOf(kind)['names']).to.include.keys('shortNames', 'categories');
    expect(specOf(kind)['scope']).to.equal('Namespaced');
    expect(versionOf(kind)['subresources']).to.deep.equal({ status: {} });
    expect(schemaOf(kind)).to.deep.include({ required: ['size'], 'x-kubernetes-validations': rules });
  });

  it('converts the schemas that a structural schema cannot have', () => {
    const quantity = z.union([z.string(), z.int()]).meta({ 'x-kubernetes-int-or-string': true });
    const body = z.strictObject({
      count: z.int(),
      bounded: z.int().min(2).max(9),
      quantities: z.record(z.string(), quantity),
      any: z.record(z.string(), z.unknown()).meta({ 'x-kubernetes-preserve-unknown-fields': true }),
      names: z.array(z.strictObject({ name: field(z.string(), 'A name.') })),
    });
    expect(propertiesOf(body)).to.deep.include({
      count: { type: 'integer' },
      bounded: { type: 'integer', minimum: 2, maximum: 9 },
      quantities: { type: 'object', additionalProperties: { 'x-kubernetes-int-or-string': true } },
      any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      names: {
        type: 'array',
        items: { type: 'object', properties: { name: { type: 'string', description: 'A name.' } }, required: ['name'] },
      },
    });
  });
});
