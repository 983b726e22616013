import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = ['/usr/lib/chromium/chromium', '/usr/bin/chromium', '/usr/bin/google-chrome'];
const executable = PLACES.find((path) => existsSync(path));

/** Why nothing can be tried in a browser here; null: there is one. @throws where nothing may be skipped */
export function chromiumMissing(): string | null {
  if (executable !== undefined) return null;
  const why = `there is no Chromium: none of ${PLACES.join(', ')}`;
  if (process.env.MILLRACE_NO_SKIP === '1') throw new Error(why);
  return why;
}

export async function openChromium(): Promise<Browser> {
  // As root, Chromium has no sandbox; it opens nothing but our own server.
  return chromium.launch({ executablePath: executable!, args: ['--no-sandbox'] });
}
