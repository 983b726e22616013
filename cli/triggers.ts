import { format } from '@lukeed/ms';
import type { Command } from 'commander';
import type { Millrace } from '../client/millrace.js';
import {
  createTrigger,
  deleteTrigger,
  listTriggers,
  pauseTrigger,
  resumeTrigger,
  showTrigger,
  type TriggerSummary,
} from '../client/triggers.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { type TriggerDeclaration, triggerSchema } from '../config/trigger.js';
import { gather, JSON_OPTION, PARAMS_OPTION, SET_MEANING, SET_OPTION } from './options.js';
import { count, type Output } from './output.js';
import { gatherParams, type ParamOptions } from './params.js';
import { when } from './runs.js';
import { connected } from './session.js';
import { firstLine } from './summary.js';

interface CreateOptions extends ParamOptions {
  pipeline: string;
  after?: string;
  settle?: string;
  every?: string;
}

/** `millrace triggers …` */
export function addTriggers(program: Command, out: Output): void {
  const triggers = program.command('triggers').description('runs that begin when files arrive, or others are done');
  triggers
    .command('list')
    .description('all, with what has arrived')
    .option(...JSON_OPTION)
    .action(() => connected(out, (millrace) => listCommand(out, millrace)));
  triggers
    .command('create <name>')
    .description('run a pipeline whenever files have arrived in its source, or another pipeline is done')
    .requiredOption('--pipeline <pipeline>', 'the pipeline to run')
    .option('--after <pipeline>', 'whenever a run of this pipeline is done, rather than when files arrive')
    .option('--settle <time>', 'wait until files did not change for so long (default: 1 min)')
    .option('--every <time>', 'look so often (default: 30 s)')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option(...JSON_OPTION)
    .action((name: string, options: CreateOptions) =>
      connected(out, (millrace) => createCommand(out, millrace, name, options)),
    );
  triggers
    .command('show <name>')
    .description('what it starts, up to where, and what is wrong with its source')
    .option(...JSON_OPTION)
    .action((name: string) => connected(out, async (millrace) => showCommand(out, await showTrigger(millrace, name))));
  for (const [act, description, work, done] of [
    ['pause', 'let it start nothing', pauseTrigger, 'starts nothing now'],
    ['resume', 'let it start runs again, for what arrived meanwhile too', resumeTrigger, 'starts runs again'],
    ['delete', 'delete it; its runs stay', deleteTrigger, 'is deleted'],
  ] as const) {
    triggers
      .command(`${act} <name>`)
      .description(description)
      .option(...JSON_OPTION)
      .action((name: string) =>
        connected(out, async (millrace) => {
          await work(millrace, name);
          out.document({ name, [act]: true });
          out.print(`${name} ${done}.`);
        }),
      );
  }
}

async function createCommand(
  out: Output,
  millrace: Millrace,
  name: string,
  { set, params: file, pipeline, after, settle, every }: CreateOptions,
): Promise<void> {
  const params = await gatherParams(readEnv(), pipeline, { set, ...(file !== undefined && { params: file }) });
  const parsed = triggerSchema.safeParse({ pipeline, after, settle, every, params });
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `--${path.join('.')}: ${message}`);
    throw new MillraceError('MR_CALL', wrong.join('\n  '), { allowed: '--settle "1 min" --every "30 s"' });
  }
  const trigger = await createTrigger(millrace, name, parsed.data);
  out.document(trigger);
  out.print(`${name} runs ${pipeline} ${whenOf(trigger.declaration)}.`);
}

async function listCommand(out: Output, millrace: Millrace): Promise<void> {
  const triggers = await listTriggers(millrace);
  out.document(triggers);
  if (triggers.length === 0) {
    out.print(
      'No triggers yet. Make one: millrace triggers create new-files --pipeline sensor-prediction --set source=…',
    );
    return;
  }
  const rows = triggers.map(({ name, declaration, paused, files, error }) => [
    name,
    declaration.pipeline,
    whenOf(declaration),
    paused ? out.style('yellow', 'paused') : out.style('green', 'active'),
    declaration.after === null ? count(files.handedOver) : '',
    files.waiting === 0 ? '' : count(files.waiting),
    error === null ? '' : out.style('red', firstLine(error)),
  ]);
  out.print(out.table(['trigger', 'pipeline', 'when', '', 'files', 'waiting', ''], rows, [4, 5]));
}

function showCommand(out: Output, trigger: TriggerSummary): void {
  const { name, declaration, paused, files, lookedAt, error } = trigger;
  out.document(trigger);
  out.print(`${out.style('bold', name)}  ${paused ? out.style('yellow', 'paused') : out.style('green', 'active')}`);
  out.print(`  runs ${declaration.pipeline} ${whenOf(declaration)}`);
  if (declaration.after === null) {
    out.print(`  ${count(files.handedOver)} files handed over, ${count(files.waiting)} waiting`);
    if (files.watermark !== null) out.print(`  up to those of ${when(files.watermark)}`);
    if (lookedAt !== null) out.print(`  looked ${when(lookedAt)}`);
  }
  if (error !== null) out.print(`  ${out.style('red', error)}`);
  const set = Object.entries(declaration.params);
  if (set.length > 0) {
    out.print(
      `\n${out.table(
        ['param', ''],
        set.map(([param, value]) => [param, JSON.stringify(value)]),
      )}`,
    );
  }
}

function whenOf({ after, params, settle }: TriggerDeclaration): string {
  if (after !== null) return `after ${after}`;
  return `when files of ${String(params.source)} did not change for ${format(settle)}`;
}
