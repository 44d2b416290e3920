import { type Fields, fieldsOf, listOf, textOf } from '../objects/kubernetes-object.ts';

/** An audience of the API server: its own name, or the issuer of a managed cluster. Other audiences are those of other programs. */
const serverAudience =
  /^$|^api$|^(https:\/\/)?kubernetes(\.default(\.svc.*)?)?$|^https:\/\/(oidc\.eks\.|container\.googleapis\.com\/|[^/]*\.azmk8s\.io)/;

/** Whether a projected volume, or the Secret of a long-lived token, holds a token of the service account for the API server. */
export function hasTokenVolume(spec: Fields, account: string): boolean {
  return listOf(spec['volumes']).some((entry) => {
    const { projected, secret } = fieldsOf(entry);
    if (textOf(fieldsOf(secret)['secretName'])?.startsWith(`${account}-token-`) === true) return true;
    return listOf(fieldsOf(projected)['sources']).some((source) => {
      const { serviceAccountToken: token } = fieldsOf(source);
      return token !== undefined && token !== null && serverAudience.test(textOf(fieldsOf(token)['audience']) ?? '');
    });
  });
}
