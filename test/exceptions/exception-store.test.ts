import { expect } from 'chai';
import type { SecurityPolicy } from '../../operator/api/kinds/security-policy.ts';
import { ExceptionStore } from '../../operator/exceptions/exception-store.ts';
import { exception } from '../findings/waivers/samples.ts';

describe('the names that exceptions can name', () => {
  const policy: SecurityPolicy = { metadata: { name: 'p' }, spec: { admissionPolicies: { selector: {} } } };
  const named = exception({ checks: [{ name: 'few-replicas.example.com' }] });
  let selected: readonly string[] | undefined;
  const store = (): ExceptionStore =>
    new ExceptionStore({
      exceptions: { list: () => [{ ...named, spec: { ...named.spec, checks: [{ name: 'few-replicas.example.com' }] } }] },
      clusterExceptions: { list: () => [] },
      policies: { list: () => [policy] },
      namespaces: { list: () => [] },
      clock: () => 0,
      isComplete: () => true,
      selectedNames: () => selected,
    });

  it('include those of selected ValidatingAdmissionPolicies', () => {
    selected = ['few-replicas.example.com'];
    expect([store().problemsOf(named), store().isUsable(named)]).to.deep.equal([[], true]);
    expect(
      store()
        .current()
        .set.waivers.map(({ id }) => id),
    ).to.deep.equal(['web/legacy']);
    selected = ['other'];
    expect(store().problemsOf(named).join()).to.contain("has the name 'few-replicas.example.com'");
    expect(store().isUsable(named)).to.equal(false);
  });

  it('are not refused as long as the selected policies were not read', () => {
    selected = undefined;
    expect([store().problemsOf(named), store().isUsable(named)]).to.deep.equal([[], true]);
  });
});
