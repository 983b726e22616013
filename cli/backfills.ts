import type { Command } from 'commander';
import {
  type BackfillDetails,
  type BackfillPrice,
  type BackfillSummary,
  cancelBackfill,
  createBackfill,
  listBackfills,
  pauseBackfill,
  priceBackfill,
  resumeBackfill,
  retryBackfill,
  showBackfill,
} from '../client/backfills.js';
import type { Millrace } from '../client/millrace.js';
import { type BackfillDeclaration, backfillSchema, EVERY, ONLY } from '../config/backfill.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { gather, JSON_OPTION, PARAMS_OPTION, SET_MEANING, SET_OPTION, wholeNumber } from './options.js';
import { bytes, count, type Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { COLORS, intervalText, when } from './runs.js';
import { connected } from './session.js';

interface CreateOptions extends ParamOptions {
  from: string;
  to: string;
  every?: string;
  tz?: string;
  newestFirst?: boolean;
  maxActive?: number;
  only?: string;
  name?: string;
  dryRun?: boolean;
}

/** `millrace backfill …` */
export function addBackfill(program: Command, out: Output): void {
  const backfill = program.command('backfill').description('runs of a pipeline for intervals that are over');
  backfill
    .command('create <pipeline>')
    .description('run a pipeline for all intervals of a time, some at once and with low priority')
    .requiredOption('--from <day>', 'the first day, or the moment the first interval begins')
    .requiredOption('--to <day>', 'the last day, or the moment the last interval ends')
    .option('--every <interval>', `how long each is: ${EVERY.join(', ')} (default: day)`)
    .option('--tz <zone>', 'time zone in which days begin (default: the param tz, else UTC)')
    .option('--newest-first', 'begin with the newest')
    .option('--max-active <n>', 'so many runs at once (default: 2)', wholeNumber)
    .option('--only <which>', `${ONLY.join(', ')}: by what runs there are of each interval (default: missing)`)
    .option('--name <name>', 'what it is called (default: by the pipeline and the time)')
    .option('--dry-run', 'say what it would do and about how long it would take, and do nothing')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option(...JSON_OPTION)
    .action((pipeline: string, options: CreateOptions) =>
      connected(out, (millrace) => createCommand(out, millrace, pipeline, options)),
    );
  backfill
    .command('list')
    .description('the newest backfills, and how many of their intervals stand how')
    .option('--limit <n>', 'how many', wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(({ limit }: { limit: number }) => connected(out, (millrace) => listCommand(out, millrace, limit)));
  backfill
    .command('show <name>')
    .description('how each interval stands')
    .option('--all', 'all intervals, not only those that failed, go on or come next')
    .option(...JSON_OPTION)
    .action((name: string, { all = false }: { all?: boolean }) =>
      connected(out, (millrace) => showCommand(out, millrace, name, all)),
    );
  const acts = [
    ['pause', 'begin no more runs; those that go on end', pauseBackfill, 'is paused'],
    ['resume', 'go on', resumeBackfill, 'goes on'],
    ['retry', 'run the intervals that failed once more, and no others', retryBackfill, 'runs again what failed'],
    ['cancel', 'end it, and its runs that go on', cancelBackfill, 'was asked to stop'],
  ] as const;
  for (const [name, description, act, done] of acts) {
    backfill
      .command(`${name} <name>`)
      .description(description)
      .option(...JSON_OPTION)
      .action((id: string) =>
        connected(out, async (millrace) => {
          await act(millrace, id);
          out.document(await showBackfill(millrace, id));
          out.print(`${id} ${done}.`);
        }),
      );
  }
}

async function createCommand(
  out: Output,
  millrace: Millrace,
  pipeline: string,
  { set, params: file, name, dryRun = false, ...options }: CreateOptions,
): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, { set, ...(file !== undefined && { params: file }) });
  const { from, to, every, newestFirst, maxActive, only, tz = params.tz } = options;
  const parsed = backfillSchema.safeParse({ pipeline, from, to, every, tz, newestFirst, maxActive, only, params });
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `--${kebab(path.join('.'))}: ${message}`);
    throw new MillraceError('MR_CALL', wrong.join('\n  '), {
      allowed: `--from 2026-01-01 --to 2026-03-31 --every ${EVERY.join('|')} --only ${ONLY.join('|')}`,
    });
  }
  if (dryRun) return priced(out, parsed.data, await priceBackfill(millrace, parsed.data));
  const id = name ?? `${pipeline}-${new Date().toISOString().slice(0, 19).replaceAll(/[:T]/g, '-')}`;
  const made = await createBackfill(millrace, id, parsed.data);
  out.document(made);
  out.print(`${id}: ${count(made.intervals.length)} runs of ${pipeline}, ${parsed.data.maxActive} at once`);
  out.note(`millrace backfill show ${id} says how they stand`);
}

const kebab = (name: string) => name.replaceAll(/[A-Z]/g, (sign) => `-${sign.toLowerCase()}`);

function priced(out: Output, { pipeline, maxActive }: BackfillDeclaration, price: BackfillPrice): void {
  out.document(price);
  const { intervals, due, first, last, estimate } = price;
  const rows = [
    ['runs', `${count(due)} of ${pipeline}, ${maxActive} at once`],
    ['left out', `${count(intervals - due)} of ${count(intervals)} intervals`],
    ...(first === null || last === null
      ? []
      : [
          ['first', intervalText(first)],
          ['last', intervalText(last)],
        ]),
    ['source', bytes(estimate.sourceBytes)],
    ['chunks', `${count(estimate.chunks)}, ${count(estimate.keptChunks)} of them kept from before`],
    ['writes', estimate.writes === null ? 'not known: no run was done yet' : `about ${bytes(estimate.writes)}`],
    [
      'time',
      estimate.seconds === null
        ? 'not known: no run for an interval was done yet'
        : `about ${duration(estimate.seconds)}, by ${count(estimate.basis)} runs that were done`,
    ],
  ];
  out.print(out.table(['', ''], rows).split('\n').slice(1).join('\n'));
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

const STATES = { ...COLORS, paused: 'yellow', waiting: 'dim' } as const;

async function listCommand(out: Output, millrace: Millrace, limit: number): Promise<void> {
  const backfills = await listBackfills(millrace, limit);
  out.document(backfills);
  if (backfills.length === 0)
    return out.print('No backfills yet. Make one: millrace backfill create sensor-prediction --from … --to …');
  const rows = backfills.map(({ id, declaration, state, createdAt, counts }) => [
    id,
    declaration.pipeline,
    out.style(STATES[state], state),
    when(createdAt),
    countsText(counts),
  ]);
  out.print(out.table(['backfill', 'pipeline', 'state', 'made', 'intervals'], rows));
}

function countsText(counts: BackfillSummary['counts']): string {
  const order = ['done', 'running', 'failed', 'lost', 'cancelled', 'waiting'] as const;
  return order.flatMap((state) => (counts[state] ? [`${count(counts[state])} ${state}`] : [])).join(', ');
}

/** Of those that wait, so many are shown. */
const NEXT_SHOWN = 3;

async function showCommand(out: Output, millrace: Millrace, id: string, all: boolean): Promise<void> {
  const backfill = await showBackfill(millrace, id);
  out.document(backfill);
  const { declaration, state, intervals, counts } = backfill;
  out.print(`${out.style('bold', id)}  ${declaration.pipeline}  ${out.style(STATES[state], state)}`);
  out.print(`  ${countsText(counts)}\n`);
  const shown = all ? intervals : worthSeeing(backfill);
  const rows = shown.map(({ start, end, state: own, run, seconds, error }) => [
    intervalText({ start, end }),
    out.style(STATES[own], own),
    seconds === null ? '' : `${seconds.toFixed(1)} s`,
    run ?? '',
    error?.code ?? '',
  ]);
  if (rows.length > 0) out.print(out.table(['interval', 'state', 'time', 'run', ''], rows, [2]));
  if (shown.length < intervals.length)
    out.note(`${count(intervals.length - shown.length)} more: millrace backfill show ${id} --all`);
}

/** Those that failed or go on, and what comes next. */
function worthSeeing({ intervals, declaration }: BackfillDetails): BackfillDetails['intervals'] {
  const waiting = intervals.filter(({ state }) => state === 'waiting');
  const next = new Set(declaration.newestFirst ? waiting.slice(-NEXT_SHOWN) : waiting.slice(0, NEXT_SHOWN));
  return intervals.filter((each) => next.has(each) || !['done', 'waiting'].includes(each.state));
}
