import { Command, CommanderError } from 'commander';
import { asUnreachable } from '../client/unreachable.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { OVERLAPS } from '../config/schedule.js';
import { addAlerts } from './alerts.js';
import { addAudit } from './audit.js';
import { addBackfill } from './backfills.js';
import { demo } from './demo.js';
import { deployCommand } from './deploy.js';
import { doctorCommand } from './doctor.js';
import { addGc } from './gc.js';
import { initCommand } from './init.js';
import { inspectCommand } from './inspect.js';
import { addLineage } from './lineage.js';
import { withLog } from './log-tail.js';
import {
  compareModelsCommand,
  listModelsCommand,
  promoteModelCommand,
  rollbackModelCommand,
  showModelCommand,
} from './models.js';
import { gather, JSON_OPTION, PARAMS_OPTION, SET_MEANING, SET_OPTION, wholeNumber } from './options.js';
import { Output } from './output.js';
import type { ParamOptions } from './params.js';
import { addPipelines } from './pipelines.js';
import { exportPredictions, listPredictionsCommand } from './predictions.js';
import { prepareCommand } from './prepare.js';
import { type RunOptions, runCommand } from './run.js';
import { addRuns } from './runs.js';
import {
  applySchedulesCommand,
  type CreateOptions,
  createScheduleCommand,
  deleteScheduleCommand,
  listSchedulesCommand,
  pauseScheduleCommand,
  showScheduleCommand,
  triggerScheduleCommand,
  unpauseScheduleCommand,
} from './schedules.js';
import { connected } from './session.js';
import { sqlCommand } from './sql.js';
import { addTokens } from './tokens.js';
import { addTriggers } from './triggers.js';
import { downCommand, upCommand } from './up.js';

/** Runs the command line. Returns the exit code: 0 done, 1 the run failed, 2 the call was wrong, 3 no service. */
export async function main(args: string[]): Promise<number> {
  let out = new Output(args.includes('--json'), false);
  try {
    out = new Output(out.json, readEnv().color);
    await createProgram(out).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return fail(error, out);
  }
}

/** All commands. */
export function createProgram(out: Output): Command {
  const program = new Command('millrace')
    .description('Durable batch pipelines for sensor data: chunk, create features, train, predict, publish.')
    .exitOverride()
    .showHelpAfterError('(millrace --help shows how it is called)')
    .configureHelp({
      subcommandTerm: (command) => `${command.name()} ${command.usage()}`.replace(/ ?\[options\]/, ''),
    });
  const json = JSON_OPTION;

  program
    .command('demo')
    .description('make sample data, train, predict and show what came of it')
    .action(() => demo(out));
  program
    .command('up')
    .description('start Temporal, Postgres and the worker, and stay until Ctrl-C')
    .option('--verbose', 'show what the worker logs')
    .option('--background', 'report to the process that started this one, and stay')
    .action(({ background = false, verbose = false }: { background?: boolean; verbose?: boolean }) =>
      withLog(out, verbose, null, () => upCommand(out, background)),
    );
  program
    .command('down')
    .description('stop everything that runs in the work folder')
    .action(() => downCommand(out));
  program
    .command('doctor')
    .description('say what is there, which version, from where, and what to do about the rest')
    .option('--fetch', 'get what is missing and can be fetched')
    .option(...json)
    .action(({ fetch = false }: { fetch?: boolean }) => doctorCommand(out, fetch));
  program
    .command('prepare')
    .description('make services of your own ready: tables, search attributes, object store')
    .option('--bucket', 'make the bucket, or the folder, of the store where it is missing')
    .option(...json)
    .action(({ bucket = false }: { bucket?: boolean }) => prepareCommand(out, bucket));
  program
    .command('deploy [build]')
    .description('let new runs begin on a build of the workers, once they serve every queue')
    .option(...json)
    .action((build: string | undefined) => connected(out, (millrace) => deployCommand(out, millrace, build)));

  program
    .command('init [folder]')
    .description('make a small project with a pipeline of your own: a step, and its test')
    .option(...JSON_OPTION)
    .action((folder = '.') => initCommand(out, folder));
  addPipelines(program, out);
  program
    .command('run <pipeline>')
    .description('run a pipeline and show how it goes')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option('--key <key>', 'name the run; a second start with the same key joins it')
    .option('--follow', 'stay until it ends (the default)')
    .option('--detach', 'start it and return at once')
    .option('--verbose', 'show what the steps log')
    .option(...json)
    .action((pipeline: string, options: RunOptions) => runCommand(out, pipeline, options));

  program
    .command('inspect <source>')
    .description('say how a run would read a source: what was found, how sure that is, how to have it otherwise')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option(...json)
    .action((source: string, options: ParamOptions) => inspectCommand(out, source, options));

  addRuns(program, out);

  const models = program.command('models').description('the registry of models');
  models
    .command('list')
    .description('all versions')
    .option(...json)
    .action(() => connected(out, (millrace) => listModelsCommand(out, millrace)));
  models
    .command('show <model>')
    .description('params, lineage and metrics of a model, or of one version: model@version')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => showModelCommand(out, millrace, name)));
  models
    .command('promote <model@version>')
    .description('make a version the champion, which prediction uses')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => promoteModelCommand(out, millrace, name)));

  models
    .command('rollback <model>')
    .description('make the champion before the present one champion again')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => rollbackModelCommand(out, millrace, name)));
  models
    .command('compare <model@version> [other]')
    .description('two versions side by side; without another, beside the champion')
    .option(...json)
    .action((name: string, other: string | undefined) =>
      connected(out, (millrace) => compareModelsCommand(out, millrace, name, other)),
    );

  addTokens(program, out);
  addTriggers(program, out);
  addAlerts(program, out);
  addAudit(program, out);
  addLineage(program, out);
  addGc(program, out);

  const schedules = program.command('schedules').description('pipelines that run by themselves');
  schedules
    .command('create <name>')
    .description('make a schedule')
    .requiredOption('--pipeline <pipeline>', 'what to run')
    .option('--cron <expression>', 'when, as five fields: "0 2 * * *" is every night at two')
    .option('--every <duration>', 'or one run in each of these: "10 min", "1 day"')
    .option('--offset <duration>', 'with --every: how much later than the full interval')
    .option('--tz <zone>', 'time zone of the cron expression (default: UTC)')
    .option('--jitter <duration>', 'begin up to so much later')
    .option('--overlap <policy>', `while the run before goes on: ${OVERLAPS.join(', ')} (default: buffer-all)`)
    .option('--catchup <duration>', 'how late a run may begin after the server was down (default: 1 day)')
    .option('--pause-on-failure', 'pause when a run fails')
    .option(SET_OPTION, SET_MEANING, gather, [])
    .option(...PARAMS_OPTION)
    .option(...json)
    .action((name: string, options: CreateOptions & { json?: boolean }) => {
      const { json: _, ...own } = options;
      return connected(out, (millrace) => createScheduleCommand(out, millrace, name, own));
    });
  schedules
    .command('list')
    .description('all schedules, with their next firing')
    .option(...json)
    .action(() => connected(out, (millrace) => listSchedulesCommand(out, millrace)));
  schedules
    .command('show <name>')
    .description('a schedule, its next firings and its newest runs with their intervals')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => showScheduleCommand(out, millrace, name)));
  schedules
    .command('pause <name>')
    .description('run nothing until it is unpaused')
    .option('--note <text>', 'why')
    .option(...json)
    .action((name: string, { note }: { note?: string }) =>
      connected(out, (millrace) => pauseScheduleCommand(out, millrace, name, note)),
    );
  schedules
    .command('unpause <name>')
    .description('let it run again')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => unpauseScheduleCommand(out, millrace, name)));
  schedules
    .command('trigger <name>')
    .description('fire now: for what lies between the firing before and this moment')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => triggerScheduleCommand(out, millrace, name)));
  schedules
    .command('delete <name>')
    .description('delete a schedule; its runs stay')
    .option(...json)
    .action((name: string) => connected(out, (millrace) => deleteScheduleCommand(out, millrace, name)));
  schedules
    .command('apply')
    .description('make the schedules be those of millrace.yaml')
    .option('--dry-run', 'say what would change, and change nothing')
    .option(...json)
    .action(({ dryRun = false }: { dryRun?: boolean }) =>
      connected(out, (millrace) => applySchedulesCommand(out, millrace, dryRun)),
    );

  addBackfill(program, out);

  const predictions = program.command('predictions').description('what was predicted');
  predictions
    .command('list')
    .description('predictions of a run, by sensor and day')
    .option('--run <run>', 'of this run (default: the newest that has some)')
    .option('--limit <n>', 'how many', wholeNumber, 50)
    .option(...json)
    .action((options: { run?: string; limit: number }) =>
      connected(out, (millrace) => listPredictionsCommand(out, millrace, options)),
    );
  predictions
    .command('export')
    .description('predictions of a run as a file')
    .option('--run <run>', 'of this run (default: the newest that has some)')
    .option('--format <format>', 'csv or parquet', 'csv')
    .option('--out <file>', 'where to (default: CSV to stdout)')
    .action((options: { run?: string; format: string; out?: string }) =>
      connected(out, (millrace) => exportPredictions(out, millrace, options)),
    );

  program
    .command('sql <select>')
    .description('ask the tables; reading only')
    .option(...json)
    .action((text: string) => connected(out, (millrace) => sqlCommand(out, millrace, text)));
  return program;
}

function fail(thrown: unknown, out: Output): number {
  const error = asUnreachable(thrown);
  // Commander has said it already.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    out.document({ state: 'failed', error: { code: 'MR_CALL', message: error.message } });
    return 2;
  }
  if (error instanceof MillraceError) {
    out.document({ state: 'failed', error: { code: error.code, message: error.message } });
    if (!out.json) process.stderr.write(`${out.style('red', error.code)} ${error.message}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? error.stack : String(error);
  out.document({ state: 'failed', error: { code: 'MR_INTERNAL', message: text } });
  process.stderr.write(`${text}\n`);
  return 1;
}
