import { definedEntries } from '../api/defined-entries.ts';
import { RESOURCES } from '../api/api-resource.ts';
import type { ApprovedImage } from '../api/kinds/image-approval.ts';
import { type ApprovalObject, inspectApproval } from '../findings/approvals/image-approvals.ts';
import { partsOf } from '../findings/approvals/image-reference.ts';
import { cliCommand } from './input/cli-command.ts';
import type { Io } from './input/io.ts';
import { endOf, nameOf, yamlOf } from './input/object-arguments.ts';
import { exitCodes, parseFlags, UsageError } from './input/usage-error.ts';

const approveUsage = `vigil approve IMAGE@DIGEST… --reference URL prints the YAML of an ImageApproval: these images were reviewed. A policy with
spec.images.approval requires that the images of workloads are approved. A tag in IMAGE is left out: the digest identifies the image.

  --reference URL        where the review can be read, such as a pull request
  --reviewed-by NAME     who vouches for the review
  --until DATE           the end of the approval: a date such as 2027-02-28 (0:00 UTC), or a time in RFC 3339; by default it does not end
  --name NAME            the name of the approval; the default is made of the first image and its digest
`;

type Arguments = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  const { values, positionals } = parseFlags(args, {
    allowPositionals: true,
    options: {
      reference: { type: 'string' },
      'reviewed-by': { type: 'string' },
      until: { type: 'string' },
      name: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  return { ...values, images: positionals };
}

function imageOf(text: string): ApprovedImage {
  const { name, digest } = partsOf(text);
  if (digest === undefined)
    throw new UsageError(`'${text}' has no digest: write ${text}@sha256:DIGEST (the digest that the build pushed, not a tag)`);
  return { repository: name, digest };
}

function approvalOf({ images, name: given, reference = '', 'reviewed-by': reviewedBy, until }: Arguments, now: number): ApprovalObject {
  if (reference.trim() === '') throw new UsageError('--reference is required: where can the review be read?');
  const approved = images.map(imageOf);
  const [{ repository, digest }] = approved as [ApprovedImage];
  const name = given ?? nameOf([repository.split('/').at(-1) ?? '', digest.slice('sha256:'.length, 'sha256:'.length + 12)]);
  return {
    metadata: { name },
    spec: { images: approved, ...definedEntries({ reviewedBy }), reference, ...definedEntries({ expiresAt: endOf(until, now) }) },
  };
}

/** Prints an approval. Throws {@link UsageError} for what the operator would report as a problem. */
function approve(args: Arguments, io: Io): number {
  if (args.images.length === 0) throw new UsageError('name an image: vigil approve IMAGE@sha256:DIGEST --reference URL');
  const approval = approvalOf(args, Date.now());
  const [problem] = inspectApproval(approval).problems;
  if (problem !== undefined) throw new UsageError(problem.replace(/^spec\.images\[\d+\]\.\w+: /, ''));
  io.out(yamlOf(RESOURCES.imageApprovals.kind, approval));
  return exitCodes.clean;
}

/** Runs `vigil approve`. Resolves to the exit code. */
export const run = cliCommand({ name: 'approve', usage: approveUsage, parse, run: approve });
