import type { Command } from 'commander';
import { collectGarbage, type GcReport } from '../client/gc.js';
import type { Millrace } from '../client/millrace.js';
import { durationWords } from '../config/duration.js';
import { JSON_OPTION } from './options.js';
import { bytes, count, type Output } from './output.js';
import { connected } from './session.js';

/** `millrace gc` */
export function addGc(program: Command, out: Output): void {
  program
    .command('gc')
    .description('say what is older than it is to be kept, by the policy in millrace.yaml, and delete it')
    .option('--delete', 'delete it; otherwise it is only said')
    .option(...JSON_OPTION)
    .action((options: { delete?: boolean }) =>
      connected(out, (millrace) => gcCommand(out, millrace, options.delete ?? false)),
    );
}

async function gcCommand(out: Output, millrace: Millrace, deletes: boolean): Promise<void> {
  const report = await collectGarbage(millrace, { delete: deletes });
  out.document(report);
  const rows = rowsOf(report);
  if (rows.length > 0) out.print(out.table(['', deletes ? 'deleted' : 'to go', 'size'], rows, [1, 2]));
  else out.print(deletes ? 'Nothing was old enough to go.' : 'Nothing is old enough to go.');
  out.print();
  for (const line of neededLines(report)) out.print(`  ${line}`);
  if (!deletes && rows.length > 0) out.print('\nmillrace gc --delete deletes them.');
}

function rowsOf({ policy, objects, ...report }: GcReport): string[][] {
  const older = (ms: number | null) => (ms === null ? '' : `, older than ${durationWords(ms)}`);
  const rows: [what: string, n: number, size: number | null][] = [
    [`runs${older(policy.runs)}`, report.runs, null],
    [`backfills${older(policy.runs)}`, report.backfills, null],
    [`log lines of runs${older(policy.logs)}`, report.logLines, null],
    [`model versions, beyond the newest ${policy.versions ?? ''}`, report.versions, null],
    [`audit entries${older(policy.audit)}`, report.auditEntries, null],
    [`notices of no run${older(policy.audit)}`, report.notices, null],
    ...objects.map((each): [string, number, number] => [each.what, each.objects, each.bytes]),
  ];
  const total = objects.reduce((sum, each) => sum + each.bytes, 0);
  const shown = rows
    .filter(([, n]) => n > 0)
    .map(([what, n, size]) => [what, count(n), size === null ? '' : bytes(size)]);
  return objects.length > 1 ? [...shown, ['in all', '', bytes(total)]] : shown;
}

/** Why what is old stays. */
function neededLines({ needed }: GcReport): string[] {
  const { version, rerun, backfill, schedule } = needed.runs;
  const runs = [
    [version, 'made versions that stay'],
    [rerun, 'are what a run that goes on was made from'],
    [backfill, 'belong to a backfill that stays'],
    [schedule, 'are the newest of their schedule'],
  ] as const;
  const stay = runs.filter(([n]) => n > 0).map(([n, why]) => `${count(n)} ${why}`);
  return [
    'Champions, what they were continued from, and runs that go on stay with all they need, however old.',
    ...(needed.versions > 0 ? [`Of older versions, ${count(needed.versions)} are needed so.`] : []),
    ...(stay.length > 0 ? [`Of older runs, ${stay.join(', ')}.`] : []),
  ];
}
