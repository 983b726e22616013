import type { Notice } from '../../activities/notify.js';
import type { AlertSettings } from '../../config/settings.js';

const WORDS: Record<Notice['kind'], string> = {
  failed: 'failed',
  'left-out': 'went on without what failed',
  asks: 'asks what to do',
  'may-be-late': 'may not keep its deadline',
  late: 'is late',
  done: 'is done',
  test: 'test of an alert',
};

/** In one line. */
export const subjectOf = ({ pipeline, kind, interval }: Notice): string =>
  kind === 'test' ? WORDS.test : `${pipeline} ${WORDS[kind]}${interval === null ? '' : ` (${interval})`}`;

/** Where the run is shown, where that is known. */
export const linkOf = ({ runId }: Notice, { page }: Pick<AlertSettings, 'page'>): string | null =>
  page === null || runId === null ? null : `${page}/runs/${encodeURIComponent(runId)}`;

/** What a message says. */
export function textOf(notice: Notice, settings: Pick<AlertSettings, 'page'>): string {
  const { runId, step, code, message, at } = notice;
  const facts = [
    ['run', runId],
    ['step', step],
    ['code', code],
    ['at', at],
    ['see', linkOf(notice, settings) ?? (runId === null ? null : `millrace runs show ${runId}`)],
  ].filter((fact): fact is [string, string] => fact[1] !== null);
  return `${message}\n\n${facts.map(([name, value]) => `${name.padEnd(6)}${value}`).join('\n')}\n`;
}
