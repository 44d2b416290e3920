import { expect } from 'chai';
import { KubeApiError, serverMessage } from '../../operator/kube/kube-api-error.ts';

describe('what the server said', () => {
  const cases: Readonly<Record<string, string>> = {
    'GET /apis/a.dev/v1/widgets: 403: widgets.a.dev is forbidden: User "v" cannot list': 'widgets.a.dev is forbidden: User "v" cannot list',
    'GET /apis/a.dev/v1/widgets?limit=5: 404: 404 page not found': '404 page not found',
    'PATCH /api/v1/pods: no answer from https://10.0.0.1: closed': 'no answer from https://10.0.0.1: closed',
    'the disk is full': 'the disk is full',
  };
  for (const [text, said] of Object.entries(cases))
    it(`is "${said}"`, () => {
      expect(serverMessage(new KubeApiError(text, { status: 403 }))).to.equal(said);
    });

  it('is the text of what is no error', () => expect(serverMessage('odd')).to.equal('odd'));
});
