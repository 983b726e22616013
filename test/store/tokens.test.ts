import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../store/tables/database.js';
import { Tokens } from '../../store/tables/tokens.js';
import { type TestPostgres, testPostgres } from '../support/database.js';

let postgres: TestPostgres;
let database: Database;
let tokens: Tokens;

beforeAll(async () => {
  postgres = await testPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  database = await postgres.database();
  tokens = new Tokens(database);
});
afterEach(() => {
  vi.useRealTimers();
});

/** Another process, which has not looked at the table yet. */
const elsewhere = () => new Tokens(database);

/** Lets so much time pass, for what asks for the time of day. */
function pass(ms: number): void {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });
}

describe('a token that is made', () => {
  it('is long, and no other', async () => {
    const made = [await tokens.create('one', 'operate'), await tokens.create('two', 'operate')];
    for (const token of made) expect(token).toMatch(/^mr_[\w-]{43}$/);
    expect(made[0]).not.toBe(made[1]);
  });

  it('stands in the table as its hash only', async () => {
    const token = await tokens.create('one', 'operate');
    const { rows } = await database.pool.query('SELECT t.*, t::text AS whole FROM tokens t');
    expect(rows).toEqual([
      {
        name: 'one',
        role: 'operate',
        sha256: createHash('sha256').update(token).digest(),
        created_at: expect.any(Date),
        last_used_at: null,
        whole: expect.not.stringContaining(token.slice(3)),
      },
    ]);
    expect(JSON.stringify(await tokens.list())).not.toContain(token.slice(3));
  });

  it('tells whose it is', async () => {
    const [one, two] = [await tokens.create('one', 'operate'), await tokens.create('two', 'operate')];
    expect(await tokens.ownerOf(one)).toEqual({ name: 'one', role: 'operate' });
    expect(await tokens.ownerOf(two)).toEqual({ name: 'two', role: 'operate' });
    expect(await elsewhere().ownerOf(two)).toEqual({ name: 'two', role: 'operate' });
  });

  it('is refused when its name is taken, and the one there is stays', async () => {
    const token = await tokens.create('one', 'operate');
    await expect(tokens.create('one', 'operate')).rejects.toMatchObject({
      code: 'MR_CALL',
      message: expect.stringContaining('there is a token "one" already'),
    });
    expect(await tokens.ownerOf(token)).toEqual({ name: 'one', role: 'operate' });
    expect(await tokens.list()).toHaveLength(1);
  });
});

describe('a token that is not known', () => {
  it.each(['', 'mr_', 'mr_wrong', 'one'])('%j is nobody’s', async (wrong) => {
    expect(await tokens.ownerOf(wrong)).toBeNull();
    await tokens.create('one', 'operate');
    expect(await elsewhere().ownerOf(wrong)).toBeNull();
  });

  it('is nobody’s, however much it looks like one that is', async () => {
    const token = await tokens.create('one', 'operate');
    for (const wrong of [`${token} `, token.slice(0, -1), token.toUpperCase(), token.slice(3)]) {
      expect(await tokens.ownerOf(wrong)).toBeNull();
    }
    const { rows } = await database.pool.query<{ hash: string }>("SELECT encode(sha256, 'hex') AS hash FROM tokens");
    expect(await tokens.ownerOf(rows[0]!.hash)).toBeNull();
  });
});

describe('a token that was made since', () => {
  it('is known at once, also right after a guess', async () => {
    await tokens.ownerOf('mr_guessed');
    const token = await tokens.create('new', 'operate');
    expect(await tokens.ownerOf(token)).toEqual({ name: 'new', role: 'operate' });
  });

  it('is looked for once, however many ask', async () => {
    await tokens.ownerOf('mr_guessed');
    const looks = vi.spyOn(database.pool, 'connect');
    const guesses = await Promise.all(Array.from({ length: 100 }, (_, i) => tokens.ownerOf(`mr_${i}`)));
    expect(guesses.every((owner) => owner === null)).toBe(true);
    expect(looks).toHaveBeenCalledTimes(1);
  });
});

describe('revoking', () => {
  it('ends a token, and no other', async () => {
    const [one, two] = [await tokens.create('one', 'operate'), await tokens.create('two', 'operate')];
    await tokens.revoke('one');
    expect(await elsewhere().ownerOf(one)).toBeNull();
    expect(await elsewhere().ownerOf(two)).toEqual({ name: 'two', role: 'operate' });
    expect((await tokens.list()).map(({ name }) => name)).toEqual(['two']);
  });

  it('reaches a process that knew the token within two seconds', async () => {
    const token = await tokens.create('one', 'operate');
    expect(await tokens.ownerOf(token)).toEqual({ name: 'one', role: 'operate' });
    await elsewhere().revoke('one');
    pass(2_001);
    expect(await tokens.ownerOf(token)).toBeNull();
  });

  it('frees the name, for another token', async () => {
    const first = await tokens.create('one', 'operate');
    await tokens.revoke('one');
    const second = await tokens.create('one', 'operate');
    expect(await tokens.ownerOf(second)).toEqual({ name: 'one', role: 'operate' });
    expect(await tokens.ownerOf(first)).toBeNull();
  });

  it('of a name that is not there is refused with those that are', async () => {
    await expect(tokens.revoke('one')).rejects.toMatchObject({
      code: 'MR_CALL',
      message: expect.stringMatching(/there is no token "one"\n.*there are none/),
    });
    await tokens.create('two', 'operate');
    await tokens.create('three', 'operate');
    await expect(tokens.revoke('one')).rejects.toThrow('tokens: three, two');
  });
});

describe('the use of a token', () => {
  const lastUsed = async () => (await tokens.list())[0]!.lastUsedAt;

  it('is noted, once an hour', async () => {
    const token = await tokens.create('one', 'operate');
    expect(await lastUsed()).toBeNull();
    await tokens.ownerOf(token);
    const first = await lastUsed();
    expect(Date.now() - Date.parse(first!)).toBeLessThan(60_000);
    pass(3_500_000);
    await tokens.ownerOf(token);
    expect(await lastUsed()).toBe(first);
    pass(200_000);
    await tokens.ownerOf(token);
    expect(Date.parse((await lastUsed())!) - Date.parse(first!)).toBeGreaterThan(3_600_000);
  });

  it('is not noted of a wrong one', async () => {
    await tokens.create('one', 'operate');
    await tokens.ownerOf('mr_wrong');
    expect(await lastUsed()).toBeNull();
  });
});

it('tokens are listed by name, with the moment they were made', async () => {
  await tokens.create('two', 'operate');
  await tokens.create('one', 'operate');
  expect(await tokens.list()).toEqual(
    ['one', 'two'].map((name) => ({
      name,
      role: 'operate',
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      lastUsedAt: null,
    })),
  );
});
