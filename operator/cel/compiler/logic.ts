import { absorb, noSuchOverload } from '../values/cel-fault.ts';
import { meter } from './code.ts';
import type { Code, Frame } from './code.ts';

/** Evaluates the right side if the left side failed or is not a bool. Throws the fault unless the right side has the deciding value. */
function decide(right: (frame: Frame) => unknown, frame: Frame, deciding: boolean, fault: Error): boolean {
  if (right(frame) === deciding) return deciding;
  throw fault;
}

function rescue(error: unknown, right: Code, frame: Frame, deciding: boolean): boolean {
  const fault = absorb(error);
  meter.spent += right.cost;
  try {
    return decide(right.run, frame, deciding, fault);
  } catch (other) {
    absorb(other);
    throw fault;
  }
}

/** Creates code for `left && right` (deciding value false) or `left || right` (deciding value true). The deciding value of one side absorbs an error of the other. */
export function logical(name: string, deciding: boolean, left: Code, right: Code): Code {
  const runLeft = left.run;
  const runRight = right.run;
  const rightCost = right.cost;
  return {
    cost: left.cost,
    run: (frame) => {
      let value: unknown;
      try {
        value = runLeft(frame);
      } catch (error) {
        return rescue(error, right, frame, deciding);
      }
      if (value === deciding) return deciding;
      meter.spent += rightCost;
      const other = runRight(frame);
      if (other === deciding) return deciding;
      if (typeof value === 'boolean' && typeof other === 'boolean') return other;
      throw noSuchOverload(name);
    },
  };
}

/** Creates code for `test ? yes : no`. */
export function conditional(test: Code, yes: Code, no: Code): Code {
  const runTest = test.run;
  return {
    cost: test.cost,
    run: (frame) => {
      const value = runTest(frame);
      if (typeof value !== 'boolean') throw noSuchOverload('_?_:_');
      const branch = value ? yes : no;
      meter.spent += branch.cost;
      return branch.run(frame);
    },
  };
}
