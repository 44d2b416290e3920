import { expect } from 'chai';
import { compileAdmission } from '../../operator/cel/admission.ts';
import type { AdmissionOutcome, AdmissionProgram, AdmissionSpec } from '../../operator/cel/admission.ts';

function program(spec: AdmissionSpec): AdmissionProgram {
  const result = compileAdmission(spec, { params: true });
  if (!result.ok) throw new Error(result.errors.map((error) => `${error.path}: ${error.message}`).join('\n'));
  return result.program;
}

function evaluate(spec: AdmissionSpec, object: unknown, params?: unknown): AdmissionOutcome {
  return program(spec).evaluate({ object, params });
}

describe('compileAdmission', () => {
  const labelled = { metadata: { name: 'web', labels: { team: 'a' } } };
  const rule: AdmissionSpec = {
    matchConditions: [{ name: 'not-canary', expression: "!has(object.metadata.labels) || !('canary' in object.metadata.labels)" }],
    variables: [{ name: 'labels', expression: 'object.metadata.?labels.orValue({})' }],
    validations: [
      {
        expression: 'params.label in variables.labels',
        messageExpression: "'deployment ' + object.metadata.name + ' has no label ' + params.label",
      },
    ],
  };

  it('returns a shared outcome when all validations pass', () => {
    const compiled = program(rule);
    const first = compiled.evaluate({ object: labelled, params: { label: 'team' } });
    expect(first).to.deep.equal({ matched: true, validations: [{ outcome: 'pass' }] });
    expect(compiled.evaluate({ object: labelled, params: { label: 'team' } })).to.equal(first);
  });

  it('fails with the value of the message expression', () => {
    expect(evaluate(rule, labelled, { label: 'owner' }).validations).to.deep.equal([
      { outcome: 'fail', message: 'deployment web has no label owner', reason: undefined },
    ]);
  });

  it('does not match when a match condition is false', () => {
    expect(evaluate(rule, { metadata: { labels: { canary: '1' } } }, { label: 'a' })).to.deep.equal({ matched: false, validations: [] });
  });

  it('reports a failed match condition unless another one is false', () => {
    const failing = { name: 'failing', expression: 'object.nothing == 1' };
    const spec = { matchConditions: [failing], validations: [{ expression: 'true' }] };
    expect(evaluate(spec, {}).conditionError).to.deep.equal({ name: 'failing', code: 'no_such_key', message: 'no such key: nothing' });
    expect(evaluate({ ...spec, matchConditions: [failing, { name: 'no', expression: 'false' }] }, {}).matched).to.equal(false);
  });

  it('falls back from a message expression that fails, is blank or has a line break', () => {
    for (const messageExpression of ['object.nothing', "' '", "'a\\nb'"]) {
      const expression = messageExpression === 'object.nothing' ? 'string(object.nothing)' : messageExpression;
      const outcome = evaluate({ validations: [{ expression: 'false', message: 'told', messageExpression: expression }] }, {});
      expect(outcome.validations).to.deep.equal([{ outcome: 'fail', message: 'told', reason: undefined }]);
    }
    expect(evaluate({ validations: [{ expression: ' false ' }] }, {}).validations[0]).to.include({ message: 'failed expression: false' });
  });

  it('evaluates a variable inside a fold without changing the variables of the fold', () => {
    const spec = {
      variables: [{ name: 'big', expression: 'object.items.filter(i, i > 1)' }],
      validations: [{ expression: 'object.items.exists(i, variables.big.size() == 2 && i == 1)' }],
    };
    expect(evaluate(spec, { items: [1, 2, 3] }).validations).to.deep.equal([{ outcome: 'pass' }]);
  });

  it('returns errors with path, line and column', () => {
    const result = compileAdmission({
      matchConditions: [{ name: 'a', expression: 'variables.x' }],
      variables: [{ name: 'x', expression: 'object.' }],
      validations: [{ expression: 'object.spec.x' }, { expression: 'true\n&& params.x', messageExpression: '1' }],
    });
    expect(result.ok ? [] : result.errors.map((error) => `${error.path} ${String(error.line)}:${String(error.column)}`)).to.deep.equal([
      'matchConditions[0].expression 1:1',
      'variables[0].expression 1:8',
      'validations[0].expression 1:1',
      'validations[1].expression 2:4',
      'validations[1].messageExpression 1:1',
    ]);
  });

  it('reports expressions that read fields of an admission request, also through variables', () => {
    const compiled = program({
      variables: [
        { name: 'who', expression: 'request.userInfo.username' },
        { name: 'before', expression: 'oldObject' },
      ],
      validations: [
        { expression: 'variables.who == "a"' },
        { expression: 'request.operation == "CREATE"' },
        { expression: 'namespaceObject.metadata.name == "a"' },
        { expression: 'object.list.all(request, request.userInfo == 1)' },
        { expression: 'variables.before == null' },
        { expression: 'has(request.options)' },
      ],
    });
    const none = { admissionOnly: false, readsOldObject: false, readsNamespaceObject: false };
    expect(compiled.validations).to.deep.equal([
      { ...none, admissionOnly: true },
      none,
      { ...none, readsNamespaceObject: true },
      none,
      { ...none, readsOldObject: true },
      { ...none, admissionOnly: true },
    ]);
  });
});
