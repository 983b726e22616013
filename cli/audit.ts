import type { Command } from 'commander';
import { readAudit } from '../client/audit.js';
import { JSON_OPTION, wholeNumber } from './options.js';
import type { Output } from './output.js';
import { when } from './runs.js';
import { connected } from './session.js';

/** `millrace audit` */
export function addAudit(program: Command, out: Output): void {
  program
    .command('audit')
    .description('who changed what over REST, newest first')
    .option('--limit <n>', 'how many', wholeNumber, 50)
    .option(...JSON_OPTION)
    .action(({ limit }: { limit: number }) =>
      connected(out, async (millrace) => {
        const lines = await readAudit(millrace, limit);
        out.document(lines);
        if (lines.length === 0) return out.print('Nobody changed anything over REST yet.');
        const rows = lines.map(({ at, caller, address, act, target, status }) => [
          when(at),
          caller ?? address,
          act.split(' ')[0]!,
          target,
          out.style(status < 400 ? 'green' : 'red', String(status)),
        ]);
        out.print(out.table(['when', 'who', '', 'what', 'answer'], rows));
      }),
    );
}
