import { equivalents, tools, withoutEquivalent } from '../operator/catalogue/equivalents.ts';

/** Returns the page of checks of other tools as Markdown. */
export function equivalentsPage(): string {
  const sections = tools.map((tool) => {
    const rows = equivalents
      .filter((item) => item.tool === tool)
      .map(
        ({ id, controls }) => `| \`${id}\` | ${controls.length === 0 ? 'none' : controls.map((control) => `\`${control}\``).join(' ')} |`,
      );
    return `## ${tool}\n\n| check | controls |\n| --- | --- |\n${rows.join('\n')}\n`;
  });
  const alone = withoutEquivalent()
    .map((id) => `\`${id}\``)
    .join(' ');
  return `# Checks of other tools

Which controls answer the checks of other scanners and policy libraries. They are about the same fields, but their verdicts can differ in details: \`vigil explain ID\` has
those of Vigil. \`vigil controls --map KSV-0012\` looks up a check, \`vigil controls --map trivy\` those of a tool. The list of Trivy's checks of workloads and roles is complete; of the
other tools, it has those that a control answers.

${sections.join('\n')}
## Controls without an equivalent

${alone}
`;
}
