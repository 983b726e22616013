import { readEnv } from '../config/env.js';
import { MillraceError } from '../config/errors.js';
import { examine, type Finding } from '../embedded/doctor.js';
import type { Output } from './output.js';
import { progressLine } from './session.js';

/** Says what was found, which version, from where, and what to do about what is missing. */
export async function doctorCommand(out: Output, fetch: boolean): Promise<void> {
  const findings = await examine(readEnv(), fetch, progressLine(out));
  const missing = findings.filter(({ state }) => state === 'missing');
  out.document({ ok: missing.length === 0, findings });
  for (const finding of findings) out.print(paragraph(out, finding));
  if (missing.length > 0)
    throw new MillraceError('MR_SERVICE', `missing: ${missing.map(({ name }) => name).join(', ')}`);
}

function paragraph(out: Output, { name, state, found, from, next }: Finding): string {
  const mark = { ok: out.style('green', '✓'), absent: out.style('yellow', '·'), missing: out.style('red', '✗') }[state];
  const lines = [`  ${mark} ${name.padEnd(16)} ${found}`, out.style('dim', `${' '.repeat(21)}${from}`)];
  if (next !== undefined) lines.push(...next.split('\n').map((line) => `${' '.repeat(21)}→ ${line}`));
  return lines.join('\n');
}
