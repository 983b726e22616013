import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openScratch } from '../../store/objects/scratch.js';

it('clears away what killed processes of this host left, and nothing else', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'millrace-scratch-'));
  const ended = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => ended.once('exit', resolve));
  const living = `${hostname()}-${process.ppid}`;
  const elsewhere = ['another-host-1', `${hostname()}-2-${ended.pid}`];
  const own = `${hostname()}-${process.pid}`;
  for (const name of [
    `${hostname()}-${ended.pid}`,
    living,
    ...elsewhere,
    join(own, 'of-an-earlier-process-with-our-number'),
  ])
    await mkdir(join(parent, name), { recursive: true });
  expect(await openScratch(parent)).toBe(join(parent, own));
  expect((await readdir(parent)).sort()).toEqual([...elsewhere, living, own].sort());
  expect(await readdir(join(parent, own))).toEqual([]);
  await rm(parent, { recursive: true });
});
