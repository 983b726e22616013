import type { StepCall } from '../dag/plan.js';
import { meanOf } from '../ml/features/readings.js';
import { columnOf, type Frame } from '../ml/frame.js';
import { readFrame } from '../store/frames.js';
import type { ChunkTable } from './chunk-table.js';
import type { Stores } from './context.js';
import type { PublishedTable } from './publish-table.js';
import { type ReportBase, type ReportSource, type ResultBase, reportBase, writeReport } from './report-base.js';
import { fact, figure, number, section, table } from './report-html.js';
import { reportOf } from './report-sections.js';

export interface TableReportInput extends ReportSource {
  table: ChunkTable;
  published: PublishedTable;
}

/** Result of a run that makes a table: a row of numbers by sensor and day. */
export interface TableResult extends ResultBase {
  table: { rows: number; made: number; kept: number; columns: ColumnFigures[] };
}

/** How the numbers of a column lie. null: there are none. */
export interface ColumnFigures {
  name: string;
  missing: number;
  mean: number | null;
  std: number | null;
  lowest: Extreme | null;
  highest: Extreme | null;
}

/** A number, and whose it is. */
export interface Extreme {
  value: number;
  sensor: string;
  day: string;
}

/** Says what a table holds, how the files were read and how the run went. */
export function createTableReport(stores: Stores) {
  return async ({ run, inputs }: StepCall<TableReportInput>): Promise<TableResult> => {
    const { ref, made, kept } = inputs.table;
    const frame = await readFrame(stores.objects, ref);
    const columns = frame.columns.map((_, at) => figuresOf(frame, at));
    const base = await reportBase(stores, run, inputs);
    const result = { ...base.result, table: { rows: ref.rows, made, kept, columns } };
    const report: ReportBase = {
      ...base,
      result,
      shapes: [{ name: 'table', rows: ref.rows, columns: columns.length }],
    };
    const page = reportOf(report, fact('table', `${number(ref.rows)} rows × ${number(columns.length)} columns`), [
      section('Table', tableOf(columns)),
    ]);
    return { report: await writeReport(stores, report, page), ...result };
  };
}

/** Of the numbers that there are: mean, population standard deviation, and whose are the first of the lowest and highest. */
function figuresOf(frame: Frame, at: number): ColumnFigures {
  const column = columnOf(frame, at);
  const present = column.filter((x) => !Number.isNaN(x));
  const about = { name: frame.columns[at]!, missing: column.length - present.length };
  if (present.length === 0) return { ...about, mean: null, std: null, lowest: null, highest: null };
  const mean = meanOf(present);
  let [squares, low, high] = [0, -1, -1];
  for (const [row, x] of column.entries()) {
    if (Number.isNaN(x)) continue;
    squares += (x - mean) ** 2;
    if (low === -1 || x < column[low]!) low = row;
    if (high === -1 || x > column[high]!) high = row;
  }
  const extreme = (row: number) => ({ value: column[row]!, sensor: frame.sensors[row]!, day: frame.days[row]! });
  return { ...about, mean, std: Math.sqrt(squares / present.length), lowest: extreme(low), highest: extreme(high) };
}

function tableOf(columns: readonly ColumnFigures[]): string {
  const whose = (of: Extreme | null) => (of === null ? '' : `${of.sensor}, ${of.day}`);
  const value = (of: Extreme | null) => figure(of?.value ?? null);
  return `<div class="wide">${table(
    ['column', 'mean', 'std', 'lowest', 'of', 'highest', 'of', 'missing'],
    columns.map(({ name, mean, std, lowest, highest, missing }) => [
      name,
      figure(mean),
      figure(std),
      value(lowest),
      whose(lowest),
      value(highest),
      whose(highest),
      missing === 0 ? '' : number(missing),
    ]),
  )}</div>`;
}
