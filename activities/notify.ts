import type { Notice, Told } from '../dag/notice.js';
import type { Stores } from './context.js';

export type { Notice };

/** What there is to say; its id and time come with the telling. */
export type Tiding = Omit<Notice, 'id' | 'at'>;

/**
 * Records what a person may want to know, and finds out who is to be told.
 * @param about what makes it one thing: told again, it is the same
 */
export async function notified(
  { alerts, notices }: Pick<Stores, 'alerts' | 'notices'>,
  about: readonly (string | number)[],
  tiding: Tiding,
): Promise<Told[]> {
  const targets = await alerts.targetsOf(tiding);
  // That all went well is known to whoever looks.
  if (tiding.kind === 'done' && targets.length === 0) return [];
  const notice = { id: about.join('.'), at: new Date().toISOString(), ...tiding };
  await notices.add(notice, targets);
  return targets.length === 0 ? [] : [{ notice, targets }];
}

export interface NotifyCall {
  temporalRunId: string;
  tiding: Tiding;
}

/** Records what happens to a run while it goes on. */
export function createNotify(stores: Pick<Stores, 'alerts' | 'notices'>) {
  return ({ temporalRunId, tiding }: NotifyCall): Promise<Told[]> =>
    notified(stores, [temporalRunId, tiding.kind, ...(tiding.step === null ? [] : [tiding.step])], tiding);
}

export interface AlertCall {
  notice: Notice;
  target: string;
}

/** Tells one target, and records whether it could be told. */
export function createAlert({ alerts, notices }: Pick<Stores, 'alerts' | 'notices'>) {
  return async ({ notice, target }: AlertCall): Promise<null> => {
    try {
      await alerts.send(target, notice);
    } catch (error) {
      await notices.delivered(notice.id, target, error instanceof Error ? error.message : String(error));
      throw error;
    }
    await notices.delivered(notice.id, target, null);
    return null;
  };
}
