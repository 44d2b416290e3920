import { exceptionNote, type LocatedResult, type Output, placeOf, resourceName } from './scan-result.ts';
import { xmlAttributes, xmlText } from './xml.ts';

const elements: Readonly<Record<string, string>> = { fail: 'failure', error: 'error', skip: 'skipped' };

function testCase(result: LocatedResult): string {
  const attributes = xmlAttributes({
    name: result.check,
    classname: resourceName(result),
    file: result.source?.file,
    line: result.source?.line,
  });
  const element = elements[result.verdict];
  if (element === undefined) return `    <testcase${attributes}/>\n`;
  const message = xmlAttributes({
    message: result.message + exceptionNote(result),
    ...(element === 'skipped' ? {} : { type: result.severity }),
  });
  const text =
    element === 'skipped'
      ? ''
      : xmlText([placeOf(result.source), result.path ?? '', result.fix ?? ''].filter((part) => part !== '').join('\n'));
  return `    <testcase${attributes}>\n      <${element}${message}>${text}</${element}>\n    </testcase>\n`;
}

/** Prints JUnit XML with a suite for each file and a test for each check of each object. */
export const junitOutput: Output = ({ results, errors }, write) => {
  const suites = new Map<string, LocatedResult[]>();
  for (const result of results) {
    const name = result.source?.file ?? 'cluster';
    suites.set(name, [...(suites.get(name) ?? []), result]);
  }
  const count = (list: readonly LocatedResult[], verdict: string): number => list.filter((result) => result.verdict === verdict).length;
  const counts = (list: readonly LocatedResult[], unread: number): string =>
    xmlAttributes({
      tests: list.length + unread,
      failures: count(list, 'fail'),
      errors: count(list, 'error') + unread,
      skipped: count(list, 'skip'),
    });
  write(`<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="vigil"${counts(results, errors.length)}>\n`);
  for (const [name, list] of suites) {
    write(`  <testsuite${xmlAttributes({ name })}${counts(list, 0)}>\n`);
    for (const result of list) write(testCase(result));
    write('  </testsuite>\n');
  }
  if (errors.length > 0) {
    write(`  <testsuite name="unreadable"${counts([], errors.length)}>\n`);
    for (const { source, message } of errors) {
      write(
        `    <testcase${xmlAttributes({ name: 'readable', classname: placeOf(source) })}>\n      <error${xmlAttributes({ message })}></error>\n    </testcase>\n`,
      );
    }
    write('  </testsuite>\n');
  }
  write('</testsuites>\n');
};
