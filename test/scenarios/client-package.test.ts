import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Workplace } from '../support/cli.js';
import { installPackage } from '../support/package.js';
import { daysFrom, writeReadings } from '../support/readings.js';

const execute = promisify(execFile);
const NODE_MODULES = resolve('node_modules');

/** What users write first. */
const PROGRAM = `
import { Millrace } from 'millrace';

const millrace = await Millrace.connect();
const { workflowId } = await millrace.start('sensor-training', { params: { source: process.argv[2]!, k: 3 } });
const seen: string[] = [];
for await (const { state, steps } of millrace.follow(workflowId)) {
  seen.push([state, ...steps.map((step) => step.name + ':' + step.state)].join(' '));
}
const { model, account } = await millrace.result(workflowId);
console.log(JSON.stringify({ workflowId, seen, version: model.version, used: account.used }));
await millrace.close();
`;

/** Calls that are wrong: each line below the note must be an error, or the note itself is one. */
const WRONG = `
import { Millrace, type PipelineParams, type RunProgress, type StepStatus } from 'millrace';

const millrace = await Millrace.connect();
const source = './plant';
// @ts-expect-error a text is no number
await millrace.start('sensor-training', { params: { source, k: 'three' } });
// @ts-expect-error there is no such param
await millrace.start('sensor-training', { params: { source, kk: 3 } });
// @ts-expect-error a source is needed
await millrace.start('sensor-training', { params: { k: 3 } });
// @ts-expect-error no such group of features
await millrace.start('sensor-training', { params: { source, groups: ['shapes'] } });
// @ts-expect-error of the other pipeline
await millrace.start('sensor-prediction', { params: { source, k: 3 } });
// @ts-expect-error an interval has an end
await millrace.start('sensor-prediction', { params: { source }, interval: { start: '2026-03-01T00:00:00Z' } });
// @ts-expect-error a run is named by a text
await millrace.result(7);
const params: PipelineParams['sensor-training'] = { source, gate: { margin: 0.1 }, groups: ['shape', 'profile'] };
await millrace.start('sensor-training', { params, key: 'right', once: true });
await millrace.start('another-pipeline', { params: { anything: [1, 2] } });
for await (const progress of millrace.follow('right')) {
  const { state }: RunProgress = progress;
  const steps: StepStatus[] = progress.steps;
  // @ts-expect-error no such state
  if (state === 'finished') console.log(steps);
}
`;

/** What the page is made of beside code. */
const PAGE = /^(index\.html|icon\.svg|[a-z]+\.css)$/;

let project: string;
let work: Workplace;
/** What the compiler says about the programs, and about the types they rest on. */
let errors: string[];

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'millrace-package-'));
  await installPackage(project, ['@types/node']);
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'mine', private: true, type: 'module' }));
  const compilerOptions = {
    ...{ strict: true, module: 'nodenext', target: 'es2022', types: ['node'], outDir: 'out' },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  // Also the types of libraries: ours are to stand by themselves.
  errors = await typeCheck(['program.ts', PROGRAM], ['wrong.ts', WRONG]);
  work = await Workplace.create();
  await writeReadings(join(work.folder, 'plant/a.csv'), { days: daysFrom(1, 2), sensors: 6 });
});
afterAll(async () => {
  await work.close();
  await rm(project, { recursive: true, force: true });
});

async function run(command: string, ...args: string[]): Promise<Answer> {
  const env = { ...process.env, ...(work && { MILLRACE_HOME: work.home }), NO_COLOR: '1' };
  try {
    return { code: 0, ...(await execute(process.execPath, [command, ...args], { cwd: project, env })) };
  } catch (error) {
    return error as Answer;
  }
}

async function typeCheck(...files: [name: string, text: string][]): Promise<string[]> {
  for (const [name, text] of files) await writeFile(join(project, name), text);
  const { stdout } = await run(join(NODE_MODULES, 'typescript/bin/tsc'));
  for (const [name] of files) await rm(join(project, name));
  return stdout.split('\n').filter((line) => line.includes(': error '));
}

describe('the package', () => {
  it('holds what runs, and nothing else', async () => {
    const own = join(project, 'node_modules/millrace');
    expect((await readdir(own)).sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
    const files = (await readdir(join(own, 'dist'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);
    expect(files).toContain('workflow-bundle.js');
    expect(files.filter((name) => name.endsWith('.sql')).length).toBeGreaterThan(1);
    const begun = await readdir(join(own, 'dist/project/template'), { recursive: true });
    const template = new Set(begun.map((name) => basename(name)));
    expect(template).toContain('daily-swings.test.ts');
    const others = files.filter((name) => !template.has(name) && !PAGE.test(name));
    expect(others.filter((name) => !/\.(js|d\.ts|json|sql)$/.test(name) || /\.test\./.test(name))).toEqual([]);
  });

  it('brings the one protobufjs that Temporal’s packages are to share: two of them do not know the types of each other', async () => {
    const versionIn = async (folder: string) =>
      (JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
    const { dependencies } = JSON.parse(
      await readFile(join(project, 'node_modules/millrace/package.json'), 'utf8'),
    ) as { dependencies: Record<string, string> };
    for (const name of ['common', 'proto', 'worker']) {
      const theirs = createRequire(join(NODE_MODULES, '@temporalio', name, 'package.json')).resolve('protobufjs');
      expect(await versionIn(dirname(theirs))).toBe(dependencies.protobufjs);
    }
  });

  it('gives programs in TypeScript types that know the params of each pipeline', () => {
    expect(errors.filter((line) => /^(program|wrong)\.ts/.test(line))).toEqual([]);
  });

  it('gives types that need no others than it brings', () => {
    expect(errors.filter((line) => line.startsWith('node_modules/millrace/'))).toEqual([]);
  });

  it('gives types that notice a mistake', async () => {
    const found = await typeCheck(['mistaken.ts', PROGRAM.replace('k: 3', "k: '3'")]);
    expect(found.filter((line) => line.startsWith('mistaken.ts'))).toEqual([
      expect.stringMatching(/^mistaken\.ts\(5,\d+\): error TS2322: Type 'string' is not assignable to type 'number'/),
    ]);
  });

  it('starts, follows and reads a run in ten lines, and lets the program end', async () => {
    await work.run('runs', 'list');
    const { code, stdout, stderr } = await run(join(project, 'out/program.js'), join(work.folder, 'plant'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const said = JSON.parse(stdout) as { workflowId: string; seen: string[]; version: number; used: number };
    expect(said).toMatchObject({ version: 1, used: 2 * 6 * 144 });
    expect(said.workflowId).toMatch(/^sensor-training\./);
    expect(said.seen.length).toBeGreaterThan(1);
    expect(said.seen.slice(0, -1).every((each) => each.startsWith('running'))).toBe(true);
    const [state, ...steps] = said.seen.at(-1)!.split(' ');
    expect(state).toBe('done');
    expect(steps).toContain('train:done');
    expect(steps.filter((step) => !step.endsWith(':done'))).toEqual([]);
    expect(await work.json('runs', 'show', said.workflowId)).toMatchObject({ state: 'done' });
  });

  it('says what is missing where nothing runs', async () => {
    await work.run('down');
    const { code, stderr } = await run(join(project, 'out/program.js'), 'plant');
    expect(code).toBe(1);
    expect(stderr).toMatch(/MR_SERVICE|is not running/);
    expect(stderr).toContain('millrace up');
  });

  it('has the command line', async () => {
    const { stdout } = await run(
      join(project, 'node_modules/millrace/dist/cli/main.js'),
      'pipelines',
      'list',
      '--json',
    );
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)).toContain('sensor-training');
  });
});
