import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { definedEntries } from '../api/defined-entries.ts';
import { API_VERSION } from '../api/group.ts';
import { RESOURCES } from '../api/api-resource.ts';
import type { ApprovedImage } from '../api/kinds/image-approval.ts';
import { type ApprovalObject, inspectApproval } from '../findings/approvals/image-approvals.ts';
import { partsOf } from '../findings/approvals/image-reference.ts';
import type { Io } from './input/io.ts';
import { endOf, nameOf } from './input/object-arguments.ts';
import { exitCodes, flagProblem, UsageError } from './input/usage-error.ts';

const approveUsage = `vigil approve IMAGE@DIGEST… --reference URL prints the YAML of an ImageApproval: these images were reviewed. A policy with
spec.images.approval requires that the images of workloads are approved. A tag in IMAGE is left out: the digest identifies the image.

  --reference URL        where the review can be read, such as a pull request
  --reviewed-by NAME     who vouches for the review
  --until DATE           the end of the approval: a date such as 2027-02-28 (0:00 UTC), or a time in RFC 3339; by default it does not end
  --name NAME            the name of the approval; the default is made of the first image and its digest
`;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      reference: { type: 'string' },
      'reviewed-by': { type: 'string' },
      until: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function imageOf(text: string): ApprovedImage {
  const { name, digest } = partsOf(text);
  if (digest === undefined)
    throw new UsageError(`'${text}' has no digest: write ${text}@sha256:DIGEST (the digest that the build pushed, not a tag)`);
  return { repository: name, digest };
}

function approvalOf(images: readonly string[], values: Values, now: number): ApprovalObject {
  const { reference = '', 'reviewed-by': reviewedBy, until } = values;
  if (reference.trim() === '') throw new UsageError('--reference is required: where can the review be read?');
  const approved = images.map(imageOf);
  const [{ repository, digest }] = approved as [ApprovedImage];
  const name = values.name ?? nameOf([repository.split('/').at(-1) ?? '', digest.slice('sha256:'.length, 'sha256:'.length + 12)]);
  return {
    metadata: { name },
    spec: { images: approved, ...definedEntries({ reviewedBy }), reference, ...definedEntries({ expiresAt: endOf(until, now) }) },
  };
}

/** Prints an approval. Throws {@link UsageError} for what the operator would report as a problem. */
function approve(args: readonly string[], io: Io, now: number): void {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (failure) {
    throw new UsageError(flagProblem(failure));
  }
  const { values, positionals } = parsed;
  if (values.help === true) {
    io.out(approveUsage);
    return;
  }
  if (positionals.length === 0) throw new UsageError('name an image: vigil approve IMAGE@sha256:DIGEST --reference URL');
  const approval = approvalOf(positionals, values, now);
  const [problem] = inspectApproval(approval).problems;
  if (problem !== undefined) throw new UsageError(problem.replace(/^spec\.images\[\d+\]\.\w+: /, ''));
  io.out(stringify({ apiVersion: API_VERSION, kind: RESOURCES.imageApprovals.kind, ...approval }, { lineWidth: 0, version: '1.1' }));
}

/** Runs `vigil approve`. Resolves to the exit code. */
export function run(args: readonly string[], io: Io): Promise<number> {
  try {
    approve(args, io, Date.now());
    return Promise.resolve(exitCodes.clean);
  } catch (failure) {
    if (!(failure instanceof UsageError)) throw failure;
    io.error(`vigil approve: ${failure.message}\nRun vigil approve --help for usage.\n`);
    return Promise.resolve(exitCodes.failed);
  }
}
