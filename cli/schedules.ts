import { join } from 'node:path';
import { format } from '@lukeed/ms';
import type { Millrace } from '../client/millrace.js';
import { listRuns } from '../client/runs.js';
import {
  applySchedules,
  createSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  type ScheduleSummary,
  showSchedule,
  triggerSchedule,
  unpauseSchedule,
} from '../client/schedules.js';
import { CONFIG_FILE, loadConfig } from '../config/config-file.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { type ScheduleDeclaration, scheduleSchema } from '../config/schedule.js';
import type { Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { COLORS, intervalText, when } from './runs.js';

export interface CreateOptions extends ParamOptions {
  pipeline: string;
  cron?: string;
  every?: string;
  offset?: string;
  tz?: string;
  jitter?: string;
  overlap?: string;
  catchup?: string;
  pauseOnFailure?: boolean;
}

export async function createScheduleCommand(
  out: Output,
  millrace: Millrace,
  name: string,
  { set, params: file, pipeline, ...times }: CreateOptions,
): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, { set, ...(file !== undefined && { params: file }) });
  const parsed = scheduleSchema.safeParse({ pipeline, ...times, params });
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(
      ({ path, message }) => `${path.length > 0 ? `--${path.join('.')}: ` : ''}${message}`,
    );
    throw new MillraceError('MR_CALL', wrong.join('\n  '), {
      allowed: '--cron "0 2 * * *" --tz Europe/Berlin, or --every "1 h"',
    });
  }
  await createSchedule(millrace, name, parsed.data);
  const schedule = await showSchedule(millrace, name);
  out.document(schedule);
  out.print(`${name} runs ${pipeline} ${times.cron === undefined ? `every ${times.every}` : `at ${times.cron}`}.`);
  if (schedule.next[0] !== undefined) out.print(`  next  ${schedule.next.slice(0, 3).map(when).join(', ')} UTC`);
}

export async function listSchedulesCommand(out: Output, millrace: Millrace): Promise<void> {
  const schedules = await listSchedules(millrace);
  out.document(schedules);
  if (schedules.length === 0)
    return out.print(
      'No schedules yet. Make one: millrace schedules create nightly --pipeline sensor-training --cron "0 2 * * *"',
    );
  const rows = schedules.map((schedule) => [
    schedule.name,
    schedule.declaration.pipeline,
    times(schedule.declaration),
    schedule.paused ? out.style('yellow', 'paused') : out.style('green', 'active'),
    schedule.next[0] === undefined || schedule.paused ? '' : when(schedule.next[0]),
    schedule.recent.length === 0 ? '' : when(schedule.recent.at(-1)!.due),
    schedule.declared ? 'yes' : '',
  ]);
  out.print(out.table(['schedule', 'pipeline', 'times', '', 'next', 'last', 'declared'], rows));
}

export async function showScheduleCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  const schedule = await showSchedule(millrace, name);
  const runs = await listRuns(millrace, { limit: 20, schedule: name });
  out.document({ ...schedule, runs });
  const { declaration } = schedule;
  const state = schedule.paused ? out.style('yellow', 'paused') : out.style('green', 'active');
  out.print(`${out.style('bold', name)}  ${state}${schedule.note === null ? '' : `  ${schedule.note}`}\n`);
  const rows = [
    ['pipeline', declaration.pipeline],
    ['times', times(declaration)],
    ['overlap', declaration.overlap],
    ['catch up', `what is at most ${format(declaration.catchup, true)} late`],
    ['next', schedule.next.slice(0, 3).map(when).join(', ')],
    ['waiting', String(schedule.buffered)],
    ['missed', String(schedule.missed)],
    ...Object.entries(declaration.params).map(([key, value]) => [key, JSON.stringify(value)]),
  ];
  out.print(out.table(['', ''], rows).split('\n').slice(1).join('\n'));
  if (runs.length === 0) return out.print('\n  It has not run yet.');
  const fired = runs.map(({ id, state: end, interval }) => [
    interval === null ? '' : intervalText(interval),
    out.style(COLORS[end], end),
    id,
  ]);
  out.print(`\n${out.table(['interval', 'state', 'run'], fired)}`);
}

/** Makes the schedules be those of the configuration file. */
export async function applySchedulesCommand(out: Output, millrace: Millrace, dryRun: boolean): Promise<void> {
  const env = readEnv();
  const { value } = await loadConfig(env.cwd, env.config);
  const declarations: Record<string, ScheduleDeclaration> = {};
  if (value.schedules === undefined) {
    throw new MillraceError('MR_CONFIG', `${env.config ?? join(env.cwd, CONFIG_FILE)} declares no schedules`, {
      allowed: 'schedules: { name: { pipeline: …, every: … } }',
      next: 'write "schedules: {}" to have all declared ones deleted; those made by hand always stay',
    });
  }
  for (const [name, declaration] of Object.entries(value.schedules)) {
    const params = await gatherParams(env, declaration.pipeline, { set: [], own: declaration.params });
    declarations[name] = { ...declaration, params };
  }
  const changes = await applySchedules(millrace, declarations, dryRun);
  out.document(changes);
  if (changes.length === 0) return out.print('No schedules are declared.');
  const words = { create: 'green', update: 'yellow', delete: 'red', none: 'dim' } as const;
  out.print(
    out.table(
      ['schedule', ''],
      changes.map(({ name, change }) => [name, out.style(words[change], change === 'none' ? 'as declared' : change)]),
    ),
  );
  if (dryRun) out.print('\n  Nothing was changed: this was a dry run.');
}

export async function pauseScheduleCommand(
  out: Output,
  millrace: Millrace,
  name: string,
  note?: string,
): Promise<void> {
  await pauseSchedule(millrace, name, note ?? 'paused by hand');
  await tell(out, millrace, name, 'is paused: nothing is run until it is unpaused');
}

export async function unpauseScheduleCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  await unpauseSchedule(millrace, name, 'unpaused by hand');
  await tell(out, millrace, name, 'runs again');
}

export async function triggerScheduleCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  await triggerSchedule(millrace, name);
  await tell(out, millrace, name, 'was triggered; its runs: millrace schedules show');
}

export async function deleteScheduleCommand(out: Output, millrace: Millrace, name: string): Promise<void> {
  await deleteSchedule(millrace, name);
  out.document({ name, deleted: true });
  out.print(`${name} is deleted; its runs stay.`);
}

async function tell(out: Output, millrace: Millrace, name: string, what: string): Promise<void> {
  if (out.json) out.document(await showSchedule(millrace, name));
  out.print(`${name} ${what}.`);
}

function times({ cron, every, offset, tz }: ScheduleSummary['declaration']): string {
  if (cron !== undefined) return `${[cron].flat().join(', ')} ${tz}`;
  return `every ${format(every!, true)}${offset === undefined ? '' : ` + ${format(offset, true)}`}`;
}
