import { type Env, readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { loadSettings } from '../config/settings.js';
import { examine, type Finding } from '../embedded/doctor.js';
import { prepareStore, tablesAreReady } from '../workers/prepare.js';
import type { Output } from './output.js';
import { progressLine } from './session.js';

/** Says what was found, which version, from where, and what to do about what is missing. */
export async function doctorCommand(out: Output, fetch: boolean): Promise<void> {
  const env = readEnv();
  const findings = [...(await examine(env, fetch, progressLine(out))), ...(await services(env))];
  const missing = findings.filter(({ state }) => state === 'missing');
  out.document({ ok: missing.length === 0, findings });
  for (const finding of findings) out.print(paragraph(out, finding));
  if (missing.length > 0)
    throw new MillraceError('MR_SERVICE', `not ready: ${missing.map(({ name }) => name).join(', ')}`);
}

/** Settings and services of one's own, asked as the workers would ask them. */
async function services(env: Env): Promise<Finding[]> {
  const settings = await loadSettings(env).catch((error: unknown) => {
    // That the embedded services do not run has been said already.
    if (error instanceof MillraceError && error.code === 'MR_SERVICE') return null;
    return trouble('configuration', env.cwd, error);
  });
  if (settings === null) return [];
  if ('state' in settings) return [settings];
  const asked: Promise<Finding>[] = [
    finding('object store', env.store, async () => `${await prepareStore(settings, false)} can be used`),
  ];
  if (env.databaseUrl !== undefined)
    asked.push(finding('tables', 'DATABASE_URL', async () => ((await tablesAreReady(settings)) ? 'up to date' : null)));
  return Promise.all(asked);
}

async function finding(name: string, from: string, ask: () => Promise<string | null>): Promise<Finding> {
  try {
    const found = await ask();
    if (found !== null) return { name, state: 'ok', found, from };
    return { name, state: 'missing', found: 'not up to date', from, next: 'millrace prepare' };
  } catch (error) {
    return trouble(name, from, error);
  }
}

function trouble(name: string, from: string, error: unknown): Finding {
  if (!(error instanceof MillraceError)) throw error;
  const [found = '', ...next] = error.message.split('\n');
  const advice = next.map((line) => line.trim()).join('\n');
  return { name, state: 'missing', found, from, ...(advice !== '' && { next: advice }) };
}

function paragraph(out: Output, { name, state, found, from, next }: Finding): string {
  const mark = { ok: out.style('green', '✓'), absent: out.style('yellow', '·'), missing: out.style('red', '✗') }[state];
  const lines = [`  ${mark} ${name.padEnd(16)} ${found}`, out.style('dim', `${' '.repeat(21)}${from}`)];
  if (next !== undefined) lines.push(...next.split('\n').map((line) => `${' '.repeat(21)}→ ${line}`));
  return lines.join('\n');
}
