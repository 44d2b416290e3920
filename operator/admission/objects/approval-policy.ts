import { IMAGE_APPROVED } from '../../engine/controls/control-check.ts';
import { stringLiteral } from '../translator/cel-literal.ts';
import { podOf, withPodLists } from '../translator/pod-expression.ts';
import type { NamedExpression } from './admission-policy.ts';

/** CEL: the name of an image without its tag, in lower case. */
const withoutTag = (name: string): string =>
  `(${name}.lastIndexOf(':') > ${name}.lastIndexOf('/') ? ${name}.substring(0, ${name}.lastIndexOf(':')) : ${name}).lowerAscii()`;

/** CEL: the full name of a repository, as `repositoryOf` returns it. */
const fullName = (name: string): string => {
  const first = `${name}.split('/')[0]`;
  const path = `${name}.split('/', 2)[1]`;
  return (
    `(!${name}.contains('/') ? 'docker.io/library/' + ${name}` +
    ` : !(${first}.contains('.') || ${first}.contains(':') || ${first} == 'localhost') ? 'docker.io/' + ${name}` +
    ` : ${first} in ['index.docker.io', 'registry-1.docker.io', 'hub.docker.com', 'docker.io'] ? (${path}.contains('/') ? 'docker.io/' : 'docker.io/library/') + ${path}` +
    ` : ${name})`
  );
};

const digestPrefix = 'sha256:';

/** CEL: whether the text `image` is pinned to a digest that the parameters approve. */
const isApproved =
  `has(params.approvedImages) && image.split('@', 2).size() == 2 && image.split('@', 2)[1].startsWith('${digestPrefix}') &&` +
  ` [${withoutTag("image.split('@', 2)[0]")}].exists(name, [${fullName('name')}].exists(repository, repository in params.approvedImages &&` +
  ` image.split('@', 2)[1].substring(${digestPrefix.length}) in params.approvedImages[repository]))`;

const problem = "image + (image.contains('@') ? ' is not approved' : ' is not pinned to a digest')";

/**
 * CEL: one check with the images of `object`, a Pod, that are not approved. The third item of a violation is the image: another image in the
 * same container is a new violation.
 */
const violations = withPodLists(
  `[containers.map(container, [container.?image.orValue('')].filter(image, !(${isApproved})).map(image, [${stringLiteral(IMAGE_APPROVED)}, 'container ' + container.name, ${problem}]))` +
    '.filter(list, list.size() > 0).map(list, list[0])].filter(check, check.size() > 0)',
);

/** The variables `failing` and `failedBefore` of the control image-approved. They read the approved digests from the parameters. */
export function approvalVariables(): readonly NamedExpression[] {
  return [
    { name: 'subject', expression: podOf('object') },
    { name: 'oldSubject', expression: `request.operation == 'UPDATE' ? [${podOf('oldObject')}] : []` },
    { name: 'failing', expression: `[variables.subject].map(object, ${violations})[0]` },
    {
      name: 'failedBefore',
      expression: `variables.oldSubject.size() == 0 ? [] : variables.oldSubject.map(object, ${violations})[0]`,
    },
  ];
}
