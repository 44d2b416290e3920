/** An image that a container runs. */
export interface RunningImage {
  /** `sha256:…`: what tells it from others. */
  readonly digest: string;
  /** What a volume names it by. */
  readonly reference: string;
  /** Of the node that runs it, as `linux/arm64`: one digest may be of an index over several. Undefined where that is not known. */
  readonly platform?: string;
}

/** Why what the runtime names by no digest in a registry cannot be pulled: its tag may be another image's by now. Undefined where it can. */
export const whyUnpullable = ({ reference }: RunningImage): string | undefined =>
  reference.includes('@')
    ? undefined
    : `the node does not say by which digest a registry has ${reference}, so it cannot be pulled: push it to a registry and run it from there, or use images.mode Mount`;

const digestPattern = /sha256:[0-9a-f]{64}$/;

/**
 * The image of a container by its status: `imageID` ends in a digest, of the manifest where the runtime knows where it came
 * from (`registry/name@sha256:…`), else of its configuration; then only the reference in `image` can be mounted.
 * Undefined while the runtime has not said which it is.
 */
export function runningImage({
  imageID = '',
  image = '',
}: {
  readonly imageID?: string;
  readonly image?: string;
}): RunningImage | undefined {
  const [digest] = digestPattern.exec(imageID) ?? [];
  if (digest === undefined) return undefined;
  const from = imageID.replace(/^[a-z-]+:\/\//, '');
  return { digest, reference: from.includes('@') ? from : image };
}
