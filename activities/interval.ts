import { dayName, dayNumber, dayOf } from '../config/time-zone.js';
import type { Stores } from './context.js';

/** `[start, end)` as ISO times. */
export interface Interval {
  start: string;
  end: string;
}

/** A start by a schedule: which, and the moment it was to fire. */
export interface Firing {
  schedule: string;
  at: string;
}

/** Days to use, inclusive, `YYYY-MM-DD`; null: open. */
export interface Selection {
  from: string | null;
  to: string | null;
}

const EVER = '1970-01-01T00:00:00.000Z';

/**
 * The interval of a firing: it ends when the schedule fired and begins where that of the firing before ended, so that
 * the intervals of a schedule lie side by side, whatever was missed or triggered by hand. The first begins when the
 * schedule would have fired before, or with all time where there is no such moment. Where runs overlap, a later firing
 * may come first and take the time of this one with its own: then nothing is left for this one.
 */
export async function intervalOf(stores: Pick<Stores, 'registry' | 'schedules'>, firing: Firing): Promise<Interval> {
  const end = new Date(firing.at);
  if (await stores.registry.isCovered(firing.schedule, end))
    return { start: end.toISOString(), end: end.toISOString() };
  const before = await stores.registry.firingBefore(firing.schedule, end);
  const start = before ?? (await stores.schedules.timeBefore(firing.schedule, end));
  return { start: start?.toISOString() ?? EVER, end: end.toISOString() };
}

/** The days that ended within an interval: of intervals side by side, each day belongs to one. */
export function daysDue({ start, end }: Interval, tz: string): { from: string; to: string } {
  return { from: dayName(dayOf(Date.parse(start), tz)), to: dayName(dayOf(Date.parse(end), tz) - 1) };
}

export const dayAfter = (day: string) => dayName(dayNumber(day) + 1);

/** Why a selection holds no day, or null. */
export function nothingIn({ from, to }: Selection): string | null {
  if (from === null || to === null || from <= to) return null;
  return `no whole day lies between ${from} and ${to}: it is too early for the next`;
}
