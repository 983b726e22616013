import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup.ts'],
    // Native addons and real servers: a process per file.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
