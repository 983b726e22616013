import type { StepCall } from '../dag/plan.js';
import { hashJson } from '../store/hash.js';
import { KeptRecords, refsIn } from '../store/kept.js';
import type { Attempt, Stores } from './context.js';

export interface OnceStep<I, O> {
  /** What the output depends on besides the code: params and value hashes of inputs. */
  key(inputs: I): unknown;
  run(call: StepCall<I>, attempt: Attempt): Promise<O>;
}

export type OnceActivity<I, O> = (call: StepCall<I>, attempt: Attempt) => Promise<O>;

/** A step whose whole output is kept: with the same code, params and inputs it is not run again. */
export function once<I, O>(stores: Stores, name: string, step: OnceStep<I, O>): OnceActivity<I, O> {
  const kept = new KeptRecords<O>(stores.objects, name, refsIn);
  return async (call, attempt) => {
    const key = hashJson([stores.codeHash(name), step.key(call.inputs)]);
    const before = call.fresh === true ? null : await kept.get(key);
    if (before !== null) {
      attempt.measure('kept', 1);
      attempt.log.info('kept from before');
      return before;
    }
    const output = await step.run(call, attempt);
    await kept.put(key, output);
    return output;
  };
}
