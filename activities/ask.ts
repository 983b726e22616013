import type { Decision, Question } from '../dag/failure.js';
import type { Told } from '../dag/notice.js';
import type { Stores } from './context.js';
import { notified } from './notify.js';

export interface AskCall {
  temporalRunId: string;
  runId: string;
  pipeline: string;
  interval: string | null;
  nth: number;
  question: Question;
}

export interface AnswerCall {
  runId: string;
  nth: number;
  decision: Decision;
}

/** Records that a run waits for a person. */
export function createAsk(stores: Pick<Stores, 'failures' | 'alerts' | 'notices'>) {
  return async ({ temporalRunId, nth, question, ...run }: AskCall): Promise<Told[]> => {
    await stores.failures.ask(run.runId, nth, question);
    const { step, code, message } = question;
    return notified(stores, [temporalRunId, 'asks', nth], { kind: 'asks', ...run, step, code, message });
  };
}

/** Records what was decided. */
export function createAnswer({ failures }: Pick<Stores, 'failures'>) {
  return async ({ runId, nth, decision }: AnswerCall): Promise<null> => {
    await failures.decided(runId, nth, decision);
    return null;
  };
}
