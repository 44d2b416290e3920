import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

/** The properties of the catalogue that only people read. */
const prose = new Set(['title', 'why', 'fix', 'description', 'manual', 'before', 'after']);
const levels = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);

/** The name of an identifier, or of the last property of a path such as `this.#own.log`. */
function lastName(node) {
  if (node.type === 'Identifier') return node.name;
  if (node.type === 'PrivateName') return node.id.name;
  return 'property' in node ? lastName(node.property) : '';
}

const isText = ({ type }) => type === 'StringLiteral' || type === 'TemplateLiteral';

/** Whether a call writes a log line, such as `own.log.info(…)`. */
const isLog = ({ callee }) => levels.has(lastName(callee)) && 'object' in callee && lastName(callee.object) === 'log';
/** Whether a call gives a schema a description. */
const isDescription = ({ callee, arguments: values }, text) =>
  lastName(callee) === 'describe' || (callee.type === 'Identifier' && callee.name === 'field' && values[1] === text);

/**
 * Leaves out what only readers see: the fields and messages of log lines (not whether a line is written), the descriptions of fields and
 * flags, and in the catalogue titles, reasons, fixes and examples. Texts of verdicts, conditions, Events and errors are mutated.
 */
const texts = {
  shouldIgnore({ node, parent, listKey, hub }) {
    const isArgument = listKey === 'arguments' && (parent.type === 'CallExpression' || parent.type === 'OptionalCallExpression');
    if (isArgument && isLog(parent)) return 'a log line';
    if (!isText(node) || !parent) return undefined;
    if (isArgument && isDescription(parent, node)) return 'a description';
    const isProse = parent.type === 'ObjectProperty' && parent.value === node && prose.has(parent.key.name);
    return isProse && hub.file.opts.filename.includes('/operator/catalogue/') ? 'prose of the catalogue' : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'texts', texts)];
