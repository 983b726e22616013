import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumMissing, openChromium } from '../support/chromium.js';
import { Workplace } from '../support/cli.js';
import { daysFrom, writeReadings } from '../support/readings.js';
import { Rest } from '../support/rest.js';

const missing = chromiumMissing();
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What breaks the rules of accessibility. */
interface Violations {
  violations: { id: string; nodes: { html: string }[] }[];
}

const DESKTOP = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

let work: Workplace;
let rest: Rest;
let browser: Browser;
let plant: string;
let trained: string;
let asking: string;

describe.skipIf(missing !== null)(`the page${missing === null ? '' : `: ${missing}`}`, () => {
  let context: BrowserContext;
  let page: Page;
  /** What the browser complained of, and what it asked others for. */
  let complaints: string[];
  let url: string;

  beforeAll(async () => {
    work = await Workplace.create();
    rest = new Rest(work);
    browser = await openChromium();
    plant = join(work.folder, 'plant');
    await writeReadings(join(plant, 'a.csv'), { days: daysFrom(1, 4), sensors: 6 });
    await writeReadings(join(plant, 'b.csv'), { days: daysFrom(5, 1), sensors: 6 });
    // One reading that nobody can read.
    await appendFile(join(plant, 'a.csv'), '2024-03-01 00:00:00,s00,much\n');
    expect(await work.run('runs', 'list')).toMatchObject({ code: 0 });
    url = await rest.url();
  });
  afterAll(async () => {
    await browser?.close();
    await work?.close();
  });

  beforeEach(async () => {
    complaints = [];
    await open();
  });
  afterEach(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });

  async function open(options: Parameters<Browser['newContext']>[0] = {}): Promise<void> {
    await context?.close();
    context = await browser.newContext({ viewport: DESKTOP, colorScheme: 'light', timezoneId: 'UTC', ...options });
    page = await context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      // A refusal is shown to people; the browser notes it too.
      if (message.type() === 'error' && !/status of 40\d/.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(blob:|data:|about:)/.test(request.url()) && new URL(request.url()).origin !== url)
        complaints.push(`asked ${request.url()}`);
    });
    page.on('dialog', (dialog) => void dialog.accept());
  }

  const see = (path: string) => page.goto(url + path);
  const heading = () => page.locator('h1');

  /** Runs the page's own way to start something, and waits for its end. */
  async function untilDone(): Promise<string> {
    await page.waitForURL(/\/runs\/./);
    await page.locator('h1 .state-done').waitFor();
    return decodeURIComponent(new URL(page.url()).pathname.split('/')[2]!);
  }

  it('says what to do where there are no runs yet', async () => {
    await see('/');
    await page.getByText('No runs yet.').waitFor();
    await page.getByRole('link', { name: 'Start one' }).click();
    await page.waitForURL('**/start');
    for (const [place, text] of [
      ['schedules', 'Nothing runs by the clock yet.'],
      ['backfills', 'No backfills yet.'],
      ['models', 'No models yet.'],
    ] as const) {
      await see(`/${place}`);
      await page.getByText(text).waitFor();
    }
  });

  it('starts a run from a form made of the params, and shows it while it goes on', async () => {
    await see('/start/sensor-training');
    await page.getByLabel('source').fill(plant);
    await page.getByLabel('k', { exact: true }).fill('0');
    await page.getByText('is below 1').waitFor();
    expect(await page.getByRole('button', { name: 'Start sensor-training' }).isDisabled()).toBe(true);
    await page.getByLabel('k', { exact: true }).fill('3');
    expect(await page.locator('.command').textContent()).toBe(
      `millrace run sensor-training --set source=${plant} --set k=3`,
    );
    await page.getByRole('button', { name: 'Start sensor-training' }).click();
    trained = await untilDone();
    expect(await page.locator('.node.state-done').count()).toBe(12);
    await page.locator('.log-line').first().waitFor();
    const said = (await page.locator('.log-line').allTextContents()).join('\n');
    expect(said).toMatch(/read 1\s*done/);
    expect(said).toContain('publish');
    await page.getByRole('button', { name: 'chunk: done' }).click();
    expect(new URL(page.url()).search).toBe('?step=chunk');
    expect(await page.getByRole('region', { name: 'Step chunk' }).getByRole('row').count()).toBeGreaterThan(3);
    await page.getByRole('heading', { name: 'Log of chunk' }).waitFor();
    await expect
      .poll(() =>
        page
          .locator('.log-place')
          .evaluateAll((all) => new Set(all.map((each) => each.textContent!.split(' ')[0])).size),
      )
      .toBe(1);
    const bars = page.getByRole('img', { name: /^When each step ran/ }).locator('rect');
    await expect.poll(() => bars.count()).toBeGreaterThan(12);
  });

  it('shows what a server refuses, beside the param it is about', async () => {
    await see('/start/sensor-training');
    await page.getByLabel('source').fill(plant);
    await page.getByLabel('tz').fill('Mars/Base');
    await page.getByRole('button', { name: 'Start sensor-training' }).click();
    // The zone is looked up when the run begins.
    await page.getByText('MR_ZONE_UNKNOWN').first().waitFor();
    await see('/start/sensor-training');
    await page.getByLabel('tz').fill('UTC');
    await page.getByText('more params').click();
    await page.getByLabel('sensorPath').fill('no/names');
    await page.getByRole('button', { name: 'Start sensor-training' }).click();
    await page.getByText('is "no/names": name a part of the path in braces').first().waitFor();
    expect(await page.locator('.field.wrong label').textContent()).toBe('sensorPath');
  });

  it('explains what a run would be before it is started', async () => {
    await see('/start/sensor-training');
    await page.getByLabel('source').fill(plant);
    await page.getByLabel('k', { exact: true }).fill('3');
    await page.getByRole('button', { name: 'Explain' }).click();
    const said = page.getByRole('region', { name: 'What it would be' });
    await said.waitFor();
    const facts = await said.locator('dl > div').allTextContents();
    expect(facts).toContainEqual(expect.stringMatching(/^chunks\d+ of \d+ sensors on \d+ days$/));
    expect(facts).toContainEqual(expect.stringMatching(/^time[\d.]+ s, by \d+ runs?$/));
    expect(await said.getByRole('row', { name: /^chunk/ }).textContent()).toMatch(/^chunk\d/);
    await page.getByLabel('source').fill('/nowhere');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByText('MR_SOURCE_MISSING').first().waitFor();
    expect(await said.count()).toBe(0);
  });

  it('has the coverage of a run as a map', async () => {
    await see(`/runs/${trained}/coverage`);
    await page.getByText('30 chunks of 6 sensors on 5 days').waitFor();
    const map = page.locator('canvas');
    const box = (await map.boundingBox())!;
    await page.mouse.move(box.x + 190, box.y + 30);
    await page.getByText('s00, 2024-03-01: 144 readings, 100.0 % of the day').waitFor();
    await page.mouse.click(box.x + 190, box.y + 30);
    const chunk = page.getByRole('region', { name: 'Chunk' });
    await chunk.getByRole('link', { name: 'sensors version 1' }).waitFor();
    expect(await chunk.locator('tbody').textContent()).toContain('plant/a.csv');
    expect(new URL(page.url()).search).toBe('?sensor=s00&day=2024-03-01');
    const colors = await page.evaluate<number>(`{
      const canvas = document.querySelector('canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 4).join(' '));
      seen.size;
    }`);
    expect(colors).toBeGreaterThan(3);
  });

  it('has its clusters: a point for each chunk, sizes, profiles and members', async () => {
    await see(`/runs/${trained}/clusters`);
    await page.getByText('30 chunks in 3 clusters').waitFor();
    const points = page.getByRole('img', { name: /first two principal components/ }).locator('circle');
    await expect.poll(() => points.count()).toBe(30);
    expect(await page.getByRole('img', { name: /^Means of 16 features/ }).count()).toBe(1);
    await page.getByRole('button', { name: '0', exact: true }).click();
    expect(new URL(page.url()).search).toBe('?cluster=0');
    const members = page.getByRole('region', { name: 'Members' }).locator('tbody tr');
    await page.getByText('Members of cluster 0').waitFor();
    // Six sensors of three groups.
    expect(await members.count()).toBe(2);
    expect(await members.first().textContent()).toContain('5 of 5');
  });

  it('has its quarantine, its report, its params, and goes from one to the other with the arrows', async () => {
    await see(`/runs/${trained}/quarantine`);
    const row = page.locator('tbody tr');
    await row.waitFor();
    expect(await row.textContent()).toMatch(/plant\/a\.csv.*s00not a number2024-03-01 00:00:00,s00,much/);
    await page.getByRole('tab', { name: 'Quarantine' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/\/report$/);
    const report = page.frameLocator('iframe');
    await report.getByRole('heading').first().waitFor();
    expect(await report.locator('svg').count()).toBeGreaterThan(1);
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/\/params$/);
    expect(await page.getByRole('region', { name: 'Params' }).textContent()).toContain(plant);
    expect(await page.getByRole('region', { name: 'Result' }).textContent()).toContain('"quarantined": 1');
    await page.getByRole('heading', { name: 'Files, 2' }).waitFor();
    expect(await page.getByRole('region', { name: 'Files' }).locator('tbody tr').count()).toBe(2);
  });

  it('runs it again from a step on, and names the one that it was made from', async () => {
    await see(`/runs/${trained}`);
    await page.getByLabel('Rerun from').selectOption('train');
    await page.getByRole('button', { name: 'Rerun' }).click();
    await page.waitForURL((to) => !to.pathname.endsWith(trained));
    const again = await untilDone();
    expect(await page.getByRole('link', { name: trained }).count()).toBe(1);
    await see('/');
    await page.getByRole('link', { name: again, exact: true }).waitFor();
  });

  it('compares versions, goes back, and makes another champion', async () => {
    await see('/models/sensors');
    await page.getByRole('heading', { name: /^Version 1 beside the champion, version 2/ }).waitFor();
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByRole('heading', { name: /^Version 2 beside the champion, version 1/ }).waitFor();
    await page.getByRole('button', { name: 'Promote' }).click();
    await page.getByRole('heading', { name: /^Version 1 beside the champion, version 2/ }).waitFor();
    await page.getByRole('button', { name: 'inertia' }).click();
    await page.getByRole('img', { name: 'inertia of 2 versions over time' }).waitFor();
  });

  it('makes a schedule, holds it, lets it go on, fires it and deletes it', async () => {
    await see('/schedules');
    await page.getByRole('button', { name: 'New schedule' }).click();
    await page.getByLabel('name').fill('nightly');
    await page.getByLabel('pipeline').selectOption('source-inspection');
    await page.getByLabel('times').fill('0 99 * * *');
    await page.getByLabel('source').fill(plant);
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('MR_SCHEDULE').waitFor();
    await page.getByLabel('times').fill('0 2 * * *');
    await page.getByLabel('tz').fill('Europe/Berlin');
    await page.getByRole('button', { name: 'Make it' }).click();
    const card = page.getByRole('region', { name: 'nightly' });
    await card.getByText('0 2 * * * in Europe/Berlin').waitFor();
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused', { exact: false }).first().waitFor();
    await card.getByRole('button', { name: 'Resume' }).click();
    await card.getByText('active').waitFor();
    await card.getByRole('button', { name: 'Run now' }).click();
    await card.getByRole('link', { name: 'its runs' }).click();
    await page.locator('tbody .state-done').first().waitFor();
    await page.goBack();
    await card.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Nothing runs by the clock yet.').waitFor();
  });

  it('makes a trigger, holds it and deletes it', async () => {
    await see('/schedules');
    await page.getByRole('button', { name: 'New trigger' }).click();
    await page.getByLabel('name').fill('arrived');
    await page.getByLabel('pipeline').selectOption('sensor-training');
    await page.getByLabel('source').fill(plant);
    await page.getByLabel('settle').fill('1 h');
    await page.getByRole('button', { name: 'Make it' }).click();
    const card = page.getByRole('region', { name: 'arrived' });
    await card.getByText(`files arrive in ${plant}`).waitFor();
    await card.getByRole('button', { name: 'Pause' }).click();
    await card.getByText('paused').waitFor();
    await card.getByRole('button', { name: 'Delete' }).click();
    await expect.poll(() => card.count()).toBe(0);
  });

  it('has a person decide where a run asks, and says what was left out, and who was told', async () => {
    const damaged = join(work.folder, 'damaged');
    await writeReadings(join(damaged, 'a.csv'), { days: daysFrom(1, 4), sensors: 6 });
    await writeFile(join(damaged, 'b.parquet'), 'PAR1 was here');
    const start = async (model: string) => {
      const set = [`source=${damaged}`, `model=${model}`, 'k=3', 'onFailure=wait'].flatMap((pair) => ['--set', pair]);
      return (await work.json<{ runId: string }>('run', 'sensor-training', ...set, '--detach')).runId;
    };
    const id = await start('skipped');
    await see(`/runs/${id}`);
    const question = page.getByRole('alert', { name: 'It waits for a decision' });
    await question.getByText('MR_FILE_UNREADABLE').waitFor();
    await question.getByRole('button', { name: 'Go on without' }).click();
    await expect.poll(() => question.count()).toBe(0);
    await page.getByText('1 file or day left out').click();
    await page.getByRole('cell', { name: join(damaged, 'b.parquet'), exact: true }).waitFor();
    await page.locator('.title .state-done').waitFor({ timeout: 20_000 });

    asking = await start('asking');
    await see(`/runs/${asking}`);
    await question.waitFor();
    await see('/activity');
    await page.getByRole('region', { name: 'Told' }).getByRole('link', { name: asking }).waitFor();
    await page.getByRole('region', { name: 'Changes' }).getByText(`/api/v1/runs/${id}/skip`).waitFor();
  });

  it('prices a backfill, makes it and shows each interval', async () => {
    await see('/backfills');
    await page.getByRole('button', { name: 'New backfill' }).click();
    await page.getByLabel('pipeline').selectOption('sensor-prediction');
    await page.getByLabel('from').fill('2024-03-01');
    await page.getByLabel('to', { exact: true }).fill('2024-03-03');
    await page.getByLabel('source').fill(plant);
    expect(await page.getByRole('button', { name: 'Begin' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'What would it be?' }).click();
    await page.getByText('3 of 3 intervals would be run').waitFor();
    await page.getByRole('button', { name: 'Begin' }).click();
    await page.waitForURL('**/backfills/2024-03-01_2024-03-03');
    await page.locator('h1 .state-done').waitFor();
    expect(await page.locator('.tiles .state-done').count()).toBe(3);
    await page.locator('.tiles a').first().click();
    await page.getByRole('link', { name: 'backfill 2024-03-01_2024-03-03' }).waitFor();
  });

  it('is told where it is by its address, and says so where nothing is there', async () => {
    await see('/runs/nothing');
    await page.getByText('MR_RUN_UNKNOWN').waitFor();
    await page.getByRole('link', { name: 'All runs', exact: true }).click();
    await heading().waitFor();
    expect(await page.title()).toBe('Millrace');
    await see('/backfills/nothing');
    await page.getByText('MR_BACKFILL_UNKNOWN').waitFor();
    await see('/models/nothing');
    await page.getByText('There is no model "nothing".').waitFor();
    expect((await rest.get('/nowhere')).status).toBe(404);
  });

  it('can be used with keys alone', async () => {
    await see('/');
    await page.locator('a.cell').first().waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForURL('**/schedules');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.locator('a.cell').first().waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('prediction');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(3);
    await page.locator('a.cell').first().focus();
    const before = await page.evaluate<string>('document.activeElement.ariaLabel');
    await page.keyboard.press('ArrowDown');
    const after = await page.evaluate<string>('document.activeElement.ariaLabel');
    expect([before, after]).toEqual([
      expect.stringMatching(/^sensor-training, /),
      expect.stringMatching(/^source-inspection, /),
    ]);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/runs/source-inspection*');
  });

  it('comes in light and dark, as the machine or the person has it', async () => {
    const background = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    await see('/');
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).not.toBe(light);
    await page.getByRole('button', { name: /^Colours: auto/ }).click();
    await expect.poll(background).toBe(light);
    await page.reload();
    await page.getByRole('button', { name: /^Colours: light/ }).waitFor();
    await expect.poll(background).toBe(light);
  });

  describe.each([
    ['a desktop in light', { viewport: DESKTOP, colorScheme: 'light' }],
    ['a phone in dark', { viewport: PHONE, colorScheme: 'dark', hasTouch: true }],
  ] as const)('on %s', (_, options) => {
    it.each([
      ['all runs', () => '/'],
      ['a run', () => `/runs/${trained}`],
      ['coverage', () => `/runs/${trained}/coverage`],
      ['clusters', () => `/runs/${trained}/clusters`],
      ['quarantine', () => `/runs/${trained}/quarantine`],
      ['params', () => `/runs/${trained}/params`],
      ['the start of a run', () => '/start/sensor-training'],
      ['schedules and triggers', () => '/schedules'],
      ['activity', () => '/activity'],
      ['a run that asks', () => `/runs/${asking}`],
      ['a backfill', () => '/backfills/2024-03-01_2024-03-03'],
      ['models', () => '/models/sensors'],
    ])('%s can be read by all, and fits', async (_, path) => {
      await open(options);
      await see(path());
      await heading().waitFor();
      // A run that goes on has something to say all the time.
      await page.waitForLoadState('networkidle', { timeout: 3000 }).catch(() => undefined);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.evaluate(axe);
      const { violations } = await page.evaluate<Violations>("axe.run({ resultTypes: ['violations'] })");
      const found = violations.map(({ id, nodes }) => `${id}: ${nodes[0]!.html.slice(0, 200)}`);
      expect(found).toEqual([]);
    });
  });

  it('is quick with 5,000 runs and 10,000 chunks', async () => {
    await manyRuns();
    await see('/');
    await page.getByText('5,000 newest').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(100);
    expect(await page.locator('a.cell').count()).toBeGreaterThan(100);
    await page.getByLabel('Filter by id').fill('bulk-4321');
    await expect.poll(() => page.locator('tbody tr').count()).toBe(1);
    await page.getByLabel('Filter by id').fill('');
    await page.getByLabel('State').selectOption('failed');
    await expect.poll(() => page.locator('tbody .state-failed').count()).toBe(100);
    await page.getByRole('button', { name: /^Show more of/ }).click();
    await expect.poll(() => page.locator('tbody tr').count()).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Load older runs' }).click();
    await page.getByText(/^Runs 5,\d+/).waitFor();
    await see('/runs/bulk-2/coverage');
    await page.getByText('10,000 chunks of 100 sensors on 100 days').waitFor();
    await page.locator('.heat').evaluate((element) => element.scrollTo(0, 600));
    const box = (await page.locator('canvas').boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 100);
    await page.getByText(/^line-\d+, 2024-01-0\d: \d+ readings/).waitFor();
  });

  async function manyRuns(): Promise<void> {
    const { postgres } = JSON.parse(await readFile(join(work.home, 'services.json'), 'utf8')) as {
      postgres: { port: number; user: string; database: string };
    };
    const password = (await readFile(join(work.home, 'postgres-password'), 'utf8')).trim();
    const client = new pg.Client({ host: '127.0.0.1', password, ...postgres });
    await client.connect();
    await client.query(`
      INSERT INTO runs (id, pipeline, workflow_id, temporal_run_id, state, params, interval_start, interval_end, started_at, ended_at, schedule)
      SELECT 'bulk-' || n, (ARRAY['sensor-training', 'sensor-prediction'])[1 + n % 2], 'bulk-' || n, 'bulk-' || n,
             CASE WHEN n % 30 = 0 THEN 'failed' ELSE 'done' END, '{}', day, day + interval '1 day', day + interval '26 hours', day + interval '27 hours', 'nightly'
      FROM (SELECT n, date_trunc('day', now()) - (n / 2 + 2) * interval '1 day' AS day FROM generate_series(2, 5001) n) x`);
    await client.query(`
      INSERT INTO chunks (run_id, sensor, day, readings, first_at, last_at, largest_gap_s, share, value_hash)
      SELECT 'bulk-2', 'line-' || s, DATE '2024-01-01' + d, 144, now(), now(), 600, random(), 'x' FROM generate_series(1, 100) s, generate_series(0, 99) d`);
    await client.end();
  }
});
