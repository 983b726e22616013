import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Workplace } from '../support/cli.js';
import { installPackage } from '../support/package.js';

/** A fenced block of the README: its language, the file that it is, and what stands in it. */
interface Block {
  language: string;
  file: string | undefined;
  text: string;
}

const readme = await readFile('README.md', 'utf8');
const section = /^## Pipelines of your own\n(.*?)^## /ms.exec(readme)![1]!;
const blocks = [...section.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(
  ([, language, file, text]): Block => ({ language: language!, file, text: text! }),
);
const commands = blocks.filter(({ language }) => language === 'sh').map(({ text }) => text.trimEnd().split('\n'));
const written = blocks.filter(({ file }) => file !== undefined);

/** What a newcomer has: a folder with the package, and beside it the project that comes to be. */
let folder: string;
let at: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-newcomer-'));
  at = join(folder, 'start');
  // Postgres does not run as root: another user must get through to it.
  for (const each of [folder, at, join(folder, 'tmp')]) {
    await mkdir(each, { recursive: true });
    await chmod(each, 0o711);
  }
  await installPackage(at, ['@types/node', 'typescript', 'vitest']);
});
afterAll(async () => {
  await call('npx millrace down');
  await rm(folder, { recursive: true, force: true });
});

/** Calls a line as a shell would. */
function call(line: string): Promise<Answer> {
  // How npm is set on this machine is not what is tried.
  const others = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_'));
  const env = {
    ...Object.fromEntries(others),
    ...{ NO_COLOR: '1', TMPDIR: join(folder, 'tmp'), npm_config_userconfig: join(folder, 'npmrc') },
    PATH: `${join(at, 'node_modules/.bin')}${delimiter}${process.env.PATH}`,
  };
  return new Promise((done) => {
    execFile('sh', ['-c', line], { cwd: at, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr });
    });
  });
}

/** The same of a line of the README. Returns what it prints. */
async function follow(line: string): Promise<string> {
  // What a registry would give is there already.
  if (line === 'npm install') {
    await symlink(join(folder, 'start/node_modules'), join(at, 'node_modules'));
    for (const name of ['vitest', 'tsc']) {
      const bin = join(folder, 'start/node_modules/.bin', name);
      await symlink(resolve('node_modules/.bin', name), bin);
    }
    return '';
  }
  const [first, into] = line.split(' && cd ') as [string, string | undefined];
  const answer = await call(first);
  if (answer.code !== 0) throw new Error(`${first} ended with ${answer.code}:\n${answer.stdout}\n${answer.stderr}`);
  if (into !== undefined) at = resolve(at, into);
  return `${answer.stdout}\n${answer.stderr}`;
}

describe('what the README says of pipelines of your own', () => {
  it('is what init makes', async () => {
    const [made] = written;
    expect(await readFile(join('project/template', made!.file!), 'utf8')).toBe(made!.text);
    const drawn = await readFile('project/template/pipelines/daily-swings.ts', 'utf8');
    const snippet = blocks.find(({ language, file }) => language === 'ts' && file === undefined)!.text;
    for (const line of snippet.trimEnd().split('\n')) expect(drawn).toContain(line);
  });

  it('works from nothing', async () => {
    for (const line of commands[0]!) {
      const said = await follow(line);
      if (line === 'npm test') expect(said).toMatch(/Tests\s+2 passed/);
      if (line.includes(' run '))
        expect(said).toMatch(/swing\s+6\.5889\s+1\.6\s+valve-1, 2026-03-01\s+12\.5\s+pump-2, 2026-03-03/);
    }
  });

  it('makes a project that the compiler has nothing to say about', async () => {
    expect(await call('npx tsc')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('works on, with a step that was changed: what comes before it is kept', async () => {
    for (const { file, text } of written.slice(1)) await writeFile(join(at, file!), text);
    for (const line of commands[1]!) {
      const said = await follow(line);
      if (line === 'npm test') expect(said).toMatch(/Tests\s+3 passed/);
      if (line.includes(' run ')) {
        expect(said).toContain('the project changed: the worker and the REST server start anew');
        for (const step of ['inspect', 'read', 'chunk'])
          expect(said).toMatch(new RegExp(`✓ ${step} .*kept from before`));
        expect(said).toMatch(/✓ swings .*1 of 1 batch/);
        expect(said).toMatch(/hour\s+[\d.]+/);
      }
      if (line.includes(' sql ')) expect(said).toMatch(/pump-1\s+2026-03-0\d\s+15/);
    }
  });

  it('leaves no service of its tests behind', async () => {
    const left = async () => (await readdir(join(folder, 'tmp'))).filter((name) => name.startsWith('millrace-test-'));
    await expect.poll(left, { timeout: 30_000 }).toEqual([]);
  });
});

describe('a pipeline of a project', () => {
  const json = async <T>(line: string): Promise<T> => {
    const { code, stdout, stderr } = await call(`npx millrace ${line} --json`);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as T;
  };

  it('stands with its params and its runs on the page', async () => {
    const { rest } = JSON.parse(await readFile(join(at, '.millrace/services.json'), 'utf8')) as {
      rest: { url: string };
    };
    const get = async <T>(path: string): Promise<T> => (await fetch(`${rest.url}/api/v1${path}`)).json() as T;
    expect(await get('/pipelines')).toContainEqual(
      expect.objectContaining({
        name: 'daily-swings',
        steps: ['inspect', 'read', 'chunk', 'swings', 'publish', 'report'],
      }),
    );
    expect(await get('/pipelines/daily-swings')).toMatchObject({ params: { required: ['source'] } });
    const runs = await get<{ id: string; pipeline: string; state: string }[]>('/runs');
    expect(runs.map(({ pipeline, state }) => [pipeline, state])).toEqual([
      ['daily-swings', 'done'],
      ['daily-swings', 'done'],
    ]);
    expect(await get(`/runs/${runs[0]!.id}`)).toMatchObject({ result: { table: { rows: 9 } } });
    const report = await fetch(`${rest.url}/api/v1/runs/${runs[0]!.id}/report`);
    expect(await report.text()).toContain('<h2>Table</h2>');
  });

  it('is explained before it runs: its rows are kept', async () => {
    const said = await json<{ chunks: number; keptChunks: number; steps: object[] }>('pipelines explain daily-swings');
    expect(said).toMatchObject({ chunks: 9, keptChunks: 9 });
    expect(said.steps).toContainEqual(
      expect.objectContaining({ name: 'swings', items: 3, kept: 3, batches: 0, activities: 2 }),
    );
  });

  it('is run again from a step of its own on', async () => {
    const [{ id }] = await json<[{ id: string }]>('runs list');
    const again = await json<{ table: object; steps: { name: string; items: number }[] }>(
      `runs rerun ${id} --from swings`,
    );
    expect(again.table).toMatchObject({ rows: 9, made: 9, kept: 0 });
    expect(again.steps.find(({ name }) => name === 'swings')).toMatchObject({ items: 3, kept: 0 });
  });

  it('that was changed is taken over once, whoever asks first', async () => {
    const started = async () =>
      (await readFile(join(at, '.millrace/logs/worker.log'), 'utf8')).split('"msg":"ready"').length;
    const before = await started();
    const step = join(at, 'activities/swings.ts');
    await writeFile(step, `${await readFile(step, 'utf8')}\n`);
    const answers = await Promise.all(['runs list', 'up', 'models list'].map((line) => call(`npx millrace ${line}`)));
    expect(answers.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await started()).toBe(before + 1);
  });

  it('that cannot be loaded is said where it is called, and what runs goes on', async () => {
    const step = join(at, 'activities/swings.ts');
    const before = await readFile(step, 'utf8');
    await writeFile(step, before.replace('return {', 'return [{'));
    const { code, stderr } = await call('npx millrace run daily-swings');
    expect(code).toBe(2);
    expect(stderr).toMatch(/MR_PROJECT.*cannot be loaded.*swings\.ts/s);
    expect(await json<object[]>('runs list')).toHaveLength(3);
    await writeFile(step, before.replace('swing: highest - lowest', 'swing: Number.NaN'));
    const { table } = await json<{ table: { columns: object[] } }>('run daily-swings');
    expect(table.columns).toContainEqual({
      name: 'swing',
      missing: 9,
      mean: null,
      std: null,
      lowest: null,
      highest: null,
    });
  });

  it('whose step throws fails at once, with what and where', async () => {
    const step = join(at, 'activities/swings.ts');
    const before = await readFile(step, 'utf8');
    await writeFile(
      step,
      before.replace('let lowest', "if (values[0] > 50) throw new RangeError('too hot');\n    let lowest"),
    );
    const { code, stderr } = await call('npx millrace run daily-swings');
    expect(code).toBe(1);
    expect(stderr).toMatch(/MR_STEP.*swings of the sensor pump-2 on 2026-03-01: RangeError: too hot\n.*swings\.ts/s);
    // The last day begins cooler.
    const { table, failedInAll } = await json<{ table: { rows: number }; failedInAll: number }>(
      'run daily-swings --set onFailure=skip',
    );
    expect({ rows: table.rows, failedInAll }).toEqual({ rows: 3, failedInAll: 2 });
  });
});

describe('millrace init', () => {
  let work: Workplace;
  beforeAll(async () => {
    work = await Workplace.create();
  });
  afterAll(() => rm(work.folder, { recursive: true, force: true }));

  const file = async (name: string) => readFile(join(work.folder, name), 'utf8');

  it('names what it made, and the way on', async () => {
    const { stdout } = await work.run('init', 'mine');
    expect(stdout).toContain('activities/swings.ts');
    expect(stdout).toMatch(/cd mine\n\s+npm install\n\s+npm test\n\s+npx millrace run daily-swings/);
    expect(await file('mine/.gitignore')).toBe('node_modules/\n.millrace/\n');
    expect(JSON.parse(await file('mine/package.json'))).toMatchObject({
      name: 'mine',
      private: true,
      type: 'module',
      scripts: { test: 'vitest run' },
      dependencies: { millrace: expect.stringMatching(/^file:/) },
      devDependencies: { vitest: expect.stringMatching(/^\^4\./), typescript: expect.any(String) },
    });
  });

  it('goes on from what npm made, and writes over nothing', async () => {
    await mkdir(join(work.folder, 'npm'));
    const manifest = {
      name: 'x',
      version: '1.0.0',
      type: 'commonjs',
      scripts: { test: 'echo "Error: no test specified" && exit 1' },
      dependencies: { millrace: '1.2.3', left: '1' },
    };
    await writeFile(join(work.folder, 'npm/package.json'), JSON.stringify(manifest));
    await writeFile(join(work.folder, 'npm/.gitignore'), 'mine\n');
    const made = await work.json<{ made: string[]; kept: string[] }>('init', 'npm');
    expect(made.kept).toEqual(['.gitignore']);
    expect(await file('npm/.gitignore')).toBe('mine\n');
    expect(JSON.parse(await file('npm/package.json'))).toMatchObject({
      ...manifest,
      type: 'module',
      scripts: { test: 'vitest run' },
    });
  });

  it('keeps a configuration that is there, and says what is to be added to it', async () => {
    await mkdir(join(work.folder, 'set'));
    await writeFile(join(work.folder, 'set/millrace.yaml'), 'threads: 2\n');
    await writeFile(
      join(work.folder, 'set/package.json'),
      '{ "type": "module", "scripts": { "test": "node --test" } }',
    );
    const { stdout } = await work.run('init', 'set');
    expect(stdout).toContain('millrace.yaml was there, and stays as it is; add to it: project: ./project.ts');
    expect(JSON.parse(await file('set/package.json'))).toMatchObject({ scripts: { test: 'node --test' } });
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a project', { 'project.ts': '' }, /has a project already: project\.ts\n\s+take another folder/],
    ['modules of the older kind', { 'package.json': '{}', 'index.js': '' }, /are not ES modules\n\s+"type": "module"/],
    ['a package.json that is none', { 'package.json': '{' }, /is no package\.json/],
  ])('refuses a folder with %s', async (_, files, why) => {
    const own = await mkdtemp(join(work.folder, 'own-'));
    for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text);
    const { code, stderr } = await work.run('init', own);
    expect(code).toBe(2);
    expect(stderr).toMatch(why);
    expect((await readdir(own)).sort()).toEqual(Object.keys(files).sort());
  });
});
