import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { Server } from './server.js';

const FOLDER = fileURLToPath(new URL('page/', import.meta.url));
const require = createRequire(import.meta.url);
const packageFile = (name: string, file: string) => join(dirname(require.resolve(`${name}/package.json`)), file);

/** What the page loads of libraries, by the name it is served under. */
const VENDOR: Record<string, string> = {
  'preact.js': packageFile('preact', 'dist/preact.mjs'),
  'hooks.js': packageFile('preact', 'hooks/dist/hooks.mjs'),
  'jsx-runtime.js': packageFile('preact', 'jsx-runtime/dist/jsxRuntime.mjs'),
  'd3.js': mainFile('d3', 'dist/d3.min.js'),
  'plot.js': mainFile('@observablehq/plot', 'dist/plot.umd.min.js'),
};

/** Of packages that do not export their manifest. */
function mainFile(name: string, file: string): string {
  const folder = fileURLToPath(import.meta.resolve(name)).split(`node_modules/${name}/`)[0]!;
  return join(folder, 'node_modules', name, file);
}

const IMPORTS = JSON.stringify({
  imports: {
    preact: '/page/vendor/preact.js',
    'preact/hooks': '/page/vendor/hooks.js',
    'preact/jsx-runtime': '/page/vendor/jsx-runtime.js',
  },
});

/** Addresses of the page; which of them is shown, it finds out itself. */
const PLACES = [
  '/',
  '/runs',
  '/runs/:id',
  '/runs/:id/:part',
  '/start',
  '/start/:pipeline',
  '/schedules',
  '/backfills',
  '/backfills/:name',
  '/models',
  '/models/:name',
  '/activity',
];

/** Whether a path is one of the page, or of a file that it is made of. */
export const isPagePath = (path: string) =>
  path === '/' || /^\/(page|runs|start|schedules|backfills|models|activity)(\/|$)/.test(path);

/** Nothing of other origins is loaded, and no other page may frame this one. Charts bring their styles along. */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' 'sha256-${createHash('sha256').update(IMPORTS).digest('base64')}'`,
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Serves the page: its files hold nothing but code, so that everybody may have them. */
export async function addPage(app: Server): Promise<void> {
  const html = (await readFile(join(FOLDER, 'index.html'), 'utf8')).replace('{"imports":{}}', IMPORTS);
  for (const place of PLACES) {
    app.get(place, { schema: { hide: true } }, async (_request, reply) =>
      reply
        .headers({ 'content-security-policy': POLICY })
        .type('text/html; charset=utf-8')
        .serializer(String)
        .send(html),
    );
  }
  await app.register(fastifyStatic, {
    root: FOLDER,
    prefix: '/page/',
    index: false,
    cacheControl: false,
    allowedPath: (path) => /\.(m?js|css|svg)$/.test(path),
  });
  app.get<{ Params: { file: string } }>('/page/vendor/:file', { schema: { hide: true } }, (request, reply) => {
    const path = VENDOR[request.params.file];
    if (path === undefined) return reply.callNotFound();
    return reply.sendFile(path.slice(dirname(path).length + 1), dirname(path));
  });
}
