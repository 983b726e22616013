import { ApplicationFailure, condition } from '@temporalio/workflow';
import type { Decision, Question } from '../dag/failure.js';

/** What a person says to one question of a run, or to all that are open. */
export interface Decided {
  decision: Decision;
  step?: string | null;
  batch?: number | null;
}

export interface Records {
  ask(nth: number, question: Question): Promise<unknown>;
  decided(nth: number, decision: Decision): Promise<unknown>;
}

interface Open extends Question {
  nth: number;
  decision: Decision | null;
}

/** Where a run asks a person what is to be done about a failure, and waits for what is decided. */
export class Desk {
  #asked = 0;
  #open: Open[] = [];

  constructor(private readonly records: Records) {}

  /** Asks, and waits for as long as it takes. */
  async ask(question: Question): Promise<Decision> {
    const own: Open = { ...question, nth: ++this.#asked, decision: null };
    // It may be decided as soon as it is recorded.
    this.#open.push(own);
    try {
      await this.records.ask(own.nth, question);
      await condition(() => own.decision !== null);
    } finally {
      this.#open = this.#open.filter((each) => each !== own);
    }
    await this.records.decided(own.nth, own.decision!);
    return own.decision!;
  }

  /** What is not decided yet. */
  questions(): Question[] {
    return this.#open.map(({ nth: _, decision: __, ...question }) => question);
  }

  /** Whether a question of a step is open. */
  asks(step: string): boolean {
    return this.#open.some((each) => each.step === step);
  }

  /** Decides all open questions, or those of a step or a batch of it. Returns how many. */
  decide({ decision, step = null, batch = null }: Decided): number {
    const meant = this.#open.filter(
      (each) =>
        each.decision === null && (step === null || each.step === step) && (batch === null || each.batch === batch),
    );
    if (meant.length === 0) throw refused('it asks nothing, or it was decided already');
    const first = meant.find(({ can }) => !can.includes(decision));
    if (first !== undefined)
      throw refused(`${decision} is not possible for ${first.step}; possible: ${first.can.join(', ')}`);
    for (const each of meant) each.decision = decision;
    return meant.length;
  }
}

const refused = (why: string) => ApplicationFailure.nonRetryable(why, 'MR_RUN_STATE');
