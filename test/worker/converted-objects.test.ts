import { expect } from 'chai';
import type { KubeObject } from '../../operator/api/metadata.ts';
import { KubeApiError } from '../../operator/kube/client/kube-api-error.ts';
import { ConvertedObjects } from '../../operator/worker/converted-objects.ts';
import { ListDouble, widgets } from './list-double.ts';

const older = { ...widgets, version: 'v1beta1' };
const many = Array.from({ length: 25 }, (_, index) => `w${String(index).padStart(2, '0')}`);
const reader = (list: ListDouble): ConvertedObjects => new ConvertedObjects(list.client, new AbortController().signal);
const nameOf = (object: unknown): unknown => (object instanceof Error ? object.message : (object as KubeObject | undefined)?.metadata.name);

describe('ConvertedObjects', () => {
  it('reads a page of objects in another version', async () => {
    const list = new ListDouble(many);
    const converted = await reader(list).read([older], { items: list.objects, namespace: 'shop' });
    const last = list.objects[24] as KubeObject;
    expect(converted(last)(older)).to.deep.include({ apiVersion: 'shop.example.com/v1beta1', kind: 'Widget' });
    expect(list.calls.map(({ path }) => path)).to.deep.equal(['/apis/shop.example.com/v1beta1/namespaces/shop/widgets']);
  });

  it('reads objects one by one when they are few or missing in the page', async () => {
    const list = new ListDouble(many);
    const [first, second] = list.objects as [KubeObject, KubeObject];
    const few = await reader(list).read([older], { items: [first, second], namespace: 'shop' });
    expect([nameOf(few(first)(older)), nameOf(few(second)(older)), list.calls.length]).to.deep.equal(['w00', 'w01', 2]);
    list.page = (items, { query }) => (query['fieldSelector'] === undefined ? items.slice(1) : items);
    const all = await reader(list).read([older], { items: list.objects, namespace: 'shop' });
    expect(nameOf(all(first)(older))).to.equal('w00');
  });

  it('returns an error for an object that was deleted or cannot be converted', async () => {
    const list = new ListDouble(many);
    const objects = list.objects;
    list.objects = objects.slice(1);
    const gone = await reader(list).read([older], { items: objects.slice(0, 2), namespace: 'shop' });
    expect(nameOf(gone(objects[0] as KubeObject)(older))).to.equal('the object is not in the list');
    list.page = () => {
      throw new KubeApiError('conversion webhook failed', { status: 500 });
    };
    const { length } = list.calls;
    const failed = await reader(list).read([older], { items: objects, namespace: 'shop' });
    expect(objects.map((object) => nameOf(failed(object)(older)))).to.deep.equal(objects.map(() => 'conversion webhook failed'));
    expect(list.calls.length).to.equal(length + 1);
  });

  it('reads nothing when no rule is about another version', async () => {
    const list = new ListDouble(many);
    const converted = await reader(list).read([], { items: list.objects, namespace: 'shop' });
    expect([converted(list.objects[0] as KubeObject)(older), list.calls]).to.deep.equal([undefined, []]);
  });
});
