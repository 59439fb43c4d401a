// pnpm fuzz [SCALE]: random texts and plans, 20 times as many as in CI by default, and others each time. A failure prints the seed;
// AGENTLOOM_FUZZ_SEED=N pnpm fuzz repeats it.

import { spawnSync } from 'node:child_process'

const SCALE = 20
const SEED_MAX = 2 ** 31

const { AGENTLOOM_FUZZ_SEED: seed = String(Math.floor(Math.random() * SEED_MAX)) } = process.env
const scale = process.argv[2] ?? process.env['AGENTLOOM_TEST_SCALE'] ?? String(SCALE)
console.log(`seed ${seed}, ${scale} times`)
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', 'tests/fuzz', 'packages/engine/src/schedule/schedule.property.test.ts'],
  {
    stdio: 'inherit',
    env: { ...process.env, AGENTLOOM_FUZZ_SEED: seed, AGENTLOOM_TEST_SCALE: scale },
  },
)
process.exitCode = status ?? 1
