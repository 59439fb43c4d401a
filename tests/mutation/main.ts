// pnpm mutate [FILE …]: changes the functions that decide over steps in one place after the other, and tells which changes no test
// notices. Takes about 3 s a change; not part of `npm test`.

import { spawnSync } from 'node:child_process'
import { describe, type Mutant, mutantsOf } from './mutants.ts'

const FOLDER = 'packages/engine/src/schedule'
const FILES = ['cause.ts', 'verdicts.ts', 'standing.ts', 'resume.ts', 'compat.ts'].map((name) => `${FOLDER}/${name}`)
const TESTS = [FOLDER]
/** A change that makes the tests hang is noticed, too. */
const MUTANT_MS_MAX = 90_000
/** Part of the random cases: most changes show at once. */
const TEST_SCALE = '0.2'

function isNoticed(mutant: Mutant): boolean {
  const { status } = spawnSync(
    'npx',
    ['vitest', 'run', '--config', 'tests/mutation/vitest.config.mjs', '--bail', '1', ...TESTS],
    {
      env: { ...process.env, AGENTLOOM_MUTANT: JSON.stringify(mutant), AGENTLOOM_TEST_SCALE: TEST_SCALE },
      stdio: 'ignore',
      timeout: MUTANT_MS_MAX,
    },
  )
  return status !== 0
}

/** Changes nothing: what is noticed then is a test that fails anyway. */
const NOTHING: Mutant = { file: 'none', offset: 0, from: '', to: '' }

if (isNoticed(NOTHING)) throw new Error('the tests fail without any change')
const given = process.argv.slice(2)
const mutants = (given.length > 0 ? given : FILES).flatMap(mutantsOf)
const survivors: Mutant[] = []
for (const mutant of mutants) {
  if (isNoticed(mutant)) continue
  survivors.push(mutant)
  console.log(`survives  ${describe(mutant)}`)
}
console.log(`${mutants.length} changes, ${mutants.length - survivors.length} noticed, ${survivors.length} not`)
if (isNoticed(NOTHING)) throw new Error('the tests have begun to fail meanwhile')
