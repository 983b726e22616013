import type { Decision, Question } from '../dag/failure.js';
import type { Stores } from './context.js';

export interface AskCall {
  runId: string;
  nth: number;
  question: Question;
}

export interface AnswerCall {
  runId: string;
  nth: number;
  decision: Decision;
}

/** Records that a run waits for a person. */
export function createAsk({ failures }: Pick<Stores, 'failures'>) {
  return async ({ runId, nth, question }: AskCall): Promise<null> => {
    await failures.ask(runId, nth, question);
    return null;
  };
}

/** Records what was decided. */
export function createAnswer({ failures }: Pick<Stores, 'failures'>) {
  return async ({ runId, nth, decision }: AnswerCall): Promise<null> => {
    await failures.decided(runId, nth, decision);
    return null;
  };
}
