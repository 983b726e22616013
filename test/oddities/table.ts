import { testStores } from '../support/stores.js';
import { carryOut, type Row } from './check.js';
import { ODDITIES } from './oddity-list.js';

// Shows how every oddity is read:
// node -e "import('vite').then(({ runnerImport }) => runnerImport('./test/oddities/table.ts'))"

/** Oddities, what was found out and what became of the readings, as Markdown. */
export function markdown(rows: readonly Row[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const body = rows.map(({ oddity, detected, account }) => line([oddity, detected, account]));
  return [line(['oddity', 'detected', 'account']), '|---|---|---|\n', ...body].join('');
}

const stores = await testStores();
try {
  const rows: Row[] = [];
  for (const oddity of ODDITIES) {
    if (oddity.skip) continue;
    try {
      rows.push((await carryOut(stores, oddity, 1)).row);
    } catch (error) {
      rows.push({ oddity: oddity.name, detected: (error as Error).message.split('\n')[0]!, account: '' });
    }
  }
  process.stdout.write(markdown(rows));
} finally {
  await stores.close();
}
