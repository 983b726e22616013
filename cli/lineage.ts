import type { Command } from 'commander';
import { listRunFiles, traceChunk, traceFile } from '../client/lineage.js';
import type { Millrace } from '../client/millrace.js';
import { MillraceError } from '../config/errors.js';
import { JSON_OPTION } from './options.js';
import { bytes, count, type Output } from './output.js';
import { when } from './runs.js';
import { connected } from './session.js';

interface LineageOptions {
  sensor?: string;
  day?: string;
  file?: string;
}

/** `millrace lineage …` */
export function addLineage(program: Command, out: Output): void {
  program
    .command('lineage [run]')
    .description('from a run, or one of its chunks, back to its files; with --file, from a file forward')
    .option('--sensor <id>', 'with --day: back from this chunk of the run')
    .option('--day <day>', 'YYYY-MM-DD')
    .option('--file <path>', 'forward from a file: its path, or the SHA-256 of its content')
    .option(...JSON_OPTION)
    .action((run: string | undefined, options: LineageOptions) =>
      connected(out, (millrace) => lineageCommand(out, millrace, run, options)),
    );
}

async function lineageCommand(
  out: Output,
  millrace: Millrace,
  run: string | undefined,
  { sensor, day, file }: LineageOptions,
): Promise<void> {
  if (file !== undefined) return forward(out, millrace, file);
  if (run === undefined || (sensor === undefined) !== (day === undefined)) {
    throw new MillraceError('MR_CALL', 'it is open from what the lineage is to be shown', {
      allowed: 'a run; a run with --sensor and --day; or --file',
    });
  }
  if (sensor === undefined || day === undefined) {
    const files = await listRunFiles(millrace, run);
    out.document(files);
    return printFiles(out, files);
  }
  const { chunk, prediction, model, files } = await traceChunk(millrace, run, sensor, day);
  out.document({ runId: run, chunk, prediction, model, files });
  const facts = [
    ['chunk', `${chunk.sensor} on ${chunk.day}`, `${count(chunk.readings)} readings`, chunk.valueHash],
    ...(prediction === null
      ? []
      : [
          [
            'prediction',
            `cluster ${prediction.cluster}`,
            prediction.novel ? 'novel' : '',
            `distance ${prediction.distance.toPrecision(4)}`,
          ],
        ]),
    ...(model === null
      ? []
      : [
          ['model', `${model.name} version ${model.version}`, model.runId, ''],
          ...Object.entries(model.lineage)
            .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
            .map(([name, value]) => ['', name, '', value]),
        ]),
  ];
  out.print(out.table(['', '', '', ''], facts).split('\n').slice(1).join('\n'));
  out.print();
  printFiles(out, files);
}

async function forward(out: Output, millrace: Millrace, file: string): Promise<void> {
  const uses = await traceFile(millrace, file);
  out.document(uses);
  if (uses.length === 0) return out.print(`No run has read ${file}.`);
  const rows = uses.map(({ runId, startedAt, chunks, predictions, models, sha256 }) => [
    runId,
    when(startedAt),
    count(chunks),
    count(predictions),
    models.map(({ name, version, champion }) => `${name}@${version}${champion ? ', champion' : ''}`).join('; '),
    sha256.slice(0, 12),
  ]);
  out.print(out.table(['read by', 'started', 'chunks', 'predictions', 'models', 'content'], rows, [2, 3]));
}

function printFiles(out: Output, files: Awaited<ReturnType<typeof listRunFiles>>): void {
  if (files.length === 0) out.print('No files are known of it: a run that ends well records them.');
  const rows = files.map(({ path, bytes: size, readings, sha256 }) => [path, bytes(size), count(readings), sha256]);
  if (rows.length > 0) out.print(out.table(['file', 'size', 'readings', 'content'], rows, [1, 2]));
}
