import type { Command } from 'commander';
import { listNotices, testAlert } from '../client/alerts.js';
import type { Millrace } from '../client/millrace.js';
import { loadConfig } from '../config/config-file.js';
import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { JSON_OPTION, wholeNumber } from './options.js';
import type { Output } from './output.js';
import { when } from './runs.js';
import { connected } from './session.js';
import { firstLine } from './summary.js';

/** `millrace alerts …` */
export function addAlerts(program: Command, out: Output): void {
  const alerts = program.command('alerts').description('what people are told of runs, and whether they were');
  alerts
    .command('list')
    .description('what there was to tell, newest first')
    .option('--limit <n>', 'how many', wholeNumber, 20)
    .option(...JSON_OPTION)
    .action(({ limit }: { limit: number }) => connected(out, (millrace) => listAlertsCommand(out, millrace, limit)));
  alerts
    .command('test [name]')
    .description('tell one of the alerts in millrace.yaml, or all, that this is a test')
    .option(...JSON_OPTION)
    .action((name: string | undefined) => connected(out, (millrace) => testAlertsCommand(out, millrace, name)));
}

async function listAlertsCommand(out: Output, millrace: Millrace, limit: number): Promise<void> {
  const notices = await listNotices(millrace, limit);
  out.document(notices);
  if (notices.length === 0) return out.print('There was nothing to tell yet.');
  const rows = notices.flatMap(({ at, kind, runId, message, deliveries }) => {
    const about = [when(at), kind, runId ?? '', firstLine(message)];
    const [first, ...others] = deliveries.map(({ target, state, tries, error }) => {
      const how = state === 'failed' ? `failed, ${tries} ${tries === 1 ? 'try' : 'tries'}` : state;
      return `${target} ${out.style(state === 'delivered' ? 'green' : state === 'failed' ? 'red' : 'dim', how)}${error === null ? '' : `: ${firstLine(error)}`}`;
    });
    return [[...about, first ?? ''], ...others.map((other) => ['', '', '', '', other])];
  });
  out.print(out.table(['when', 'what', 'run', '', 'told'], rows));
}

async function testAlertsCommand(out: Output, millrace: Millrace, name: string | undefined): Promise<void> {
  const { cwd, config } = readEnv();
  const names = name === undefined ? Object.keys((await loadConfig(cwd, config)).value.alerts) : [name];
  if (names.length === 0) {
    throw new MillraceError('MR_CONFIG', 'no alert is declared in millrace.yaml', {
      allowed: 'alerts:\n    ops: { webhook: https://example.org/millrace }\n    team: { email: [plant@example.org] }',
    });
  }
  for (const each of names) {
    await testAlert(millrace, each);
    out.print(`  ${out.style('green', '✓')} ${each} was told.`);
  }
  out.document({ told: names });
}
