import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { MillraceError } from '../../config/errors.js';
import { hashProject } from '../../project/hash.js';
import { loadProject, projectHash } from '../../project/load.js';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A copy of what `init` makes, with some files otherwise. */
async function project(files: Record<string, string> = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-project-'));
  folders.push(folder);
  await cp('project/template', folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}
// As the built program loads it: the modules of a project import the built package.
const { loadProject: load } = (await import(`${process.cwd()}/dist/project/load.js`)) as {
  loadProject: typeof loadProject;
};
const place = (cwd: string, more: object = {}) => ({ cwd, config: undefined, project: undefined, ...more });

describe('a project', () => {
  it('is loaded from TypeScript, with no package of its own installed', async () => {
    const { pipelines, hash } = await load(place(await project()));
    expect(pipelines.names).toEqual(['sensor-training', 'sensor-prediction', 'source-inspection', 'daily-swings']);
    expect(pipelines.ownSteps.map(({ activity }) => activity)).toEqual(['swings']);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is none where nothing names one', async () => {
    const { pipelines, hash } = await loadProject(place(await project({ 'millrace.yaml': 'threads: 2\n' })));
    expect(pipelines.names).toHaveLength(3);
    expect(hash).toBeNull();
  });

  it('is found beside the configuration file, and where the environment says', async () => {
    const folder = await project();
    const named = [
      place('/', { config: join(folder, 'millrace.yaml') }),
      place('/', { project: join(folder, 'project.ts') }),
    ];
    for (const each of named) expect((await load(each)).pipelines.names).toContain('daily-swings');
  });

  it.each<[string, Record<string, string>, RegExp]>([
    [
      'is not there',
      { 'millrace.yaml': 'project: ./other.ts\n' },
      /the project .*other\.ts does not exist\n.*\.\/project\.ts/,
    ],
    ['cannot be parsed', { 'activities/swings.ts': 'export const swings = {' }, /cannot be loaded: .*swings\.ts/s],
    ['fails', { 'project.ts': "throw new Error('no licence');" }, /cannot be loaded: no licence/],
    ['exports nothing', { 'project.ts': 'export const project = 1;' }, /does not export a project\n.*export default/],
    ['exports no pipelines', { 'project.ts': 'export default { pipelines: [1] };' }, /does not export a project/],
    [
      'declares a pipeline wrongly',
      {
        'pipelines/daily-swings.ts':
          "import { pipeline, z } from 'millrace/pipeline';\nexport const dailySwings = pipeline({ name: 'x', title: '', doc: '', params: z.strictObject({}), pins: [], draw: () => null });",
      },
      /cannot be loaded: pipeline "x": every run needs the param "onFailure"/,
    ],
    [
      'takes a name of ours',
      {
        'activities/swings.ts':
          "import { chunkStep } from 'millrace/pipeline';\nexport const swings = chunkStep({ name: 'features', doc: 'x', columns: ['x'], of: () => ({ x: 1 }) });",
      },
      /a step of Millrace and one of the project are both called "features"\n.*another name/,
    ],
    [
      'has a pipeline twice',
      {
        'project.ts':
          "import { defineProject } from 'millrace/pipeline';\nimport { dailySwings } from './pipelines/daily-swings.js';\nexport default defineProject({ pipelines: [dailySwings, dailySwings] });",
      },
      /pipelines are both called "daily-swings"/,
    ],
  ])('that %s says so', async (_, files, why) => {
    const error = await load(place(await project(files))).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'MillraceError', code: 'MR_PROJECT', message: expect.stringMatching(why) });
    expect(error).not.toBeInstanceOf(MillraceError);
  });
});

describe('the hash of a project', () => {
  const entry = (folder: string) => join(folder, 'project.ts');

  it('changes with each file that it imports, and with no other', async () => {
    const folder = await project();
    const before = await hashProject(entry(folder));
    for (const name of ['README.md', 'test/daily-swings.test.ts', 'plant/readings.csv', 'millrace.yaml'])
      await writeFile(join(folder, name), 'changed');
    expect(await hashProject(entry(folder))).toBe(before);
    const seen = new Set([before]);
    for (const name of ['activities/swings.ts', 'pipelines/daily-swings.ts', 'project.ts']) {
      const text = `// changed\n${await readFile(join(folder, name), 'utf8')}`;
      await writeFile(join(folder, name), text);
      seen.add(await hashProject(entry(folder)));
    }
    expect(seen.size).toBe(4);
  });

  it('is the same wherever the project lies', async () => {
    expect(await hashProject(entry(await project()))).toBe(await hashProject(entry(await project())));
  });

  it('changes with the version of a package that it imports', async () => {
    const folder = await project({
      'activities/more.ts': '',
      'project.ts': "import 'maths';\nimport './activities/more';\n",
    });
    const hashes = new Set([await hashProject(entry(folder))]);
    await mkdir(join(folder, 'node_modules/maths'), { recursive: true });
    for (const version of ['1.0.0', '1.0.1']) {
      await writeFile(join(folder, 'node_modules/maths/package.json'), JSON.stringify({ version }));
      hashes.add(await hashProject(entry(folder)));
    }
    await writeFile(join(folder, 'activities/more.ts'), 'export const more = 1;');
    hashes.add(await hashProject(entry(folder)));
    expect(hashes.size).toBe(4);
  });

  it('is of the files as they are now, whatever was loaded', async () => {
    const folder = await project();
    const { hash } = await load(place(folder));
    expect(await projectHash(place(folder))).toBe(hash);
    await writeFile(join(folder, 'activities/swings.ts'), '');
    expect(await projectHash(place(folder))).not.toBe(hash);
    expect(await projectHash(place('/'))).toBeNull();
  });
});
