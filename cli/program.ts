import { Command, CommanderError } from 'commander';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { Output } from './output.js';
import { demo } from './demo.js';
import { runCommand } from './run.js';
import { downCommand, upCommand } from './up.js';

/** Runs the command line. Returns the exit code: 0 done, 1 the run failed, 2 the call was wrong, 3 no service. */
export async function main(args: string[]): Promise<number> {
  const out = new Output(args.includes('--json'), readEnv().color);
  const program = new Command('millrace')
    .description('Durable batch pipelines for sensor data')
    .exitOverride()
    .showHelpAfterError('(millrace --help shows how it is called)');

  program.command('demo').description('make sample data, train, predict and show what came of it').action(() => demo(out));
  program
    .command('up')
    .description('start Temporal, Postgres and the worker, and stay with them until Ctrl-C')
    .option('--background', 'for the program itself: report to the process that started it')
    .action((options: { background?: boolean }) => upCommand(out, options.background ?? false));
  program.command('down').description('stop everything that runs in the work folder').action(() => downCommand(out));
  program
    .command('run <pipeline>')
    .description('run a pipeline')
    .option('--set <name=value>', 'set a param; may be given several times', (value: string, all: string[]) => [...all, value], [] as string[])
    .option('--params <file>', 'take params from a YAML file')
    .option('--key <key>', 'name the run; a second start with the same key joins it')
    .option('--follow', 'stay and show the progress (the default)')
    .option('--detach', 'start it and return')
    .option('--json', 'print one JSON document')
    .action((pipeline: string, options) => runCommand(out, pipeline, options));

  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return fail(error, out);
  }
}

function fail(error: unknown, out: Output): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof MillraceError) {
    if (out.json) out.document({ state: 'failed', error: { code: error.code, message: error.message } });
    else process.stderr.write(`${out.style('red', error.code)} ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
