import { resultFields } from '../../output/json-output.ts';
import { xmlAttributes, xmlText } from '../../output/xml.ts';
import type { CaseOutcome } from './test-runner.ts';

/** Prints the outcomes of cases. */
export interface TestOutput {
  begin(): void;
  case(outcome: CaseOutcome): void;
  /** Prints the end of the output. `unread` has a message for each test file and case that could not be run. */
  end(unread: readonly string[]): void;
}

type Write = (text: string) => void;

/** Prints failed cases with their reasons, and the counts, as text. */
export function textOutput(write: Write): TestOutput {
  let passed = 0;
  let failed = 0;
  return {
    begin: () => undefined,
    case: ({ name, ok, notes, results }) => {
      if (ok) passed += 1;
      else failed += 1;
      if (ok) {
        if (notes.includes('no check applied')) write(`ok   ${name} (no check applied)\n`);
        return;
      }
      write(`FAIL ${name}\n`);
      for (const note of notes) write(`     ${note}\n`);
      for (const { verdict, check, resource, message } of results) {
        if (verdict !== 'pass')
          write(
            `     ${verdict} ${check} ${[resource.kind, resource.namespace, resource.name].filter((part) => part !== undefined).join('/')}: ${message}\n`,
          );
      }
    },
    end: (unread) => {
      for (const message of unread) write(`UNREADABLE ${message}\n`);
      write(`${passed} passed, ${failed} failed${unread.length > 0 ? `, ${unread.length} unreadable` : ''}\n`);
    },
  };
}

/** Prints one JSON document: `{"cases": [{name, expect, actual, ok, results}]}`. */
export function jsonTestOutput(write: Write): TestOutput {
  let first = true;
  return {
    begin: () => write('{"cases": ['),
    case: ({ name, expect, actual, ok, results, notes }) => {
      const document = { name, expect, actual, ok, results: results.map(resultFields), ...(notes.length > 0 ? { notes } : {}) };
      write(`${first ? '\n' : ',\n'} ${JSON.stringify(document)}`);
      first = false;
    },
    end: (unread) => write(`]${unread.length > 0 ? `,\n "errors": ${JSON.stringify(unread)}` : ''}}\n`),
  };
}

/** Prints JUnit XML with one test for each case. */
export function junitTestOutput(write: Write): TestOutput {
  const cases: string[] = [];
  let failures = 0;
  return {
    begin: () => undefined,
    case: ({ name, ok, notes }) => {
      if (!ok) failures += 1;
      const failure = ok
        ? ''
        : `\n      <failure${xmlAttributes({ message: notes[0] ?? 'failed' })}>${xmlText(notes.join('\n'))}</failure>\n    `;
      cases.push(`    <testcase${xmlAttributes({ name, classname: 'PolicyTest' })}>${failure}</testcase>\n`);
    },
    end: (unread) => {
      for (const message of unread)
        cases.push(
          `    <testcase name="readable" classname="PolicyTest">\n      <error${xmlAttributes({ message })}></error>\n    </testcase>\n`,
        );
      const counts = xmlAttributes({ tests: cases.length, failures, errors: unread.length });
      write(
        `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="vigil test"${counts}>\n  <testsuite name="PolicyTest"${counts}>\n${cases.join('')}  </testsuite>\n</testsuites>\n`,
      );
    },
  };
}
