import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestPostgres, testPostgres } from '../support/database.js';

let postgres: TestPostgres;
beforeAll(async () => {
  const t = Date.now();
  postgres = await testPostgres();
  console.log('start', Date.now() - t);
});
afterAll(async () => {
  const t = Date.now();
  await postgres.close();
  console.log('close', Date.now() - t);
});
it('x', async () => {
  for (let i = 0; i < 5; i++) {
    const t = Date.now();
    const d = await postgres.database();
    console.log(Date.now() - t, (await d.pool.query('select name from migrations')).rows);
  }
});
