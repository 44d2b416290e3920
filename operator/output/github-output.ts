import type { Severity } from '../findings/finding.ts';
import type { Source } from '../manifests/manifest.ts';
import { coveredTexts, exceptionNote, type Output, resourceName, skipCounts } from './scan-result.ts';

const commands: Readonly<Record<Severity, string>> = { critical: 'error', high: 'error', medium: 'warning', low: 'notice', info: 'notice' };
const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

function annotation(command: string, source: Source | undefined, title: string, message: string): string {
  const place =
    source === undefined ? [] : [`file=${property(source.file)}`, ...(source.line === undefined ? [] : [`line=${source.line}`])];
  return `::${command} ${[...place, `title=${property(title)}`].join(',')}::${data(message)}\n`;
}

/** Prints workflow commands. GitHub Actions shows them as annotations of a pull request. */
export const githubOutput: Output = ({ results, errors, summary }, write) => {
  for (const result of results) {
    const command = result.verdict === 'fail' ? commands[result.severity] : result.verdict === 'error' ? 'error' : undefined;
    if (command === undefined) continue;
    const fix = result.fix === undefined ? '' : `. ${result.fix}`;
    const message = `${resourceName(result)}: ${result.message}${exceptionNote(result)}${fix}`;
    write(annotation(command, result.source, `${result.check} (${result.severity})`, message));
  }
  for (const { source, message } of errors) write(annotation('error', source, 'unreadable', message));
  const counts = skipCounts({ results, summary });
  const covered = coveredTexts(counts).map((text) => `, ${text}`);
  write(`${summary.fail} failed, ${summary.pass} passed, ${summary.error} errors${covered.join('')}, ${counts.skipped} skipped\n`);
};
