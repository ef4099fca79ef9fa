import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/harness/seed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Tests of real processes share a machine with others: where that is so, a failure has to repeat.
    retry: Number(process.env['TEST_RETRIES'] ?? 0),
    // Two test files at a time: the reference server and ours each want a core.
    maxWorkers: 2,
  },
})
