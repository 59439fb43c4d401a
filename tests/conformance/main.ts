// pnpm conformance [--runtime memory|embedded|bullmq] [DIR]: how this version stands with recorded cases. DIR holds them, or has
// a sub-folder `cases` that does; default ../shared/conformance. Several runtimes with commas; default all (the variable
// AGENTLOOM_CONFORMANCE_RUNTIMES says it, too). bullmq starts a Redis of its own. Last line: `N passed, N failed`; exit code 1 when one failed.

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedis, TEST_REDIS_URL } from '@agentloom/testing'
import { findCases, type Cases } from './cases.ts'
import { CaseRunner, type CaseVerdict } from './run-case.ts'
import { chosenRuntimes, type RuntimeName } from './runtimes.ts'

interface Found extends CaseVerdict {
  readonly name: string
}

async function verdictsOn(runtime: RuntimeName, { folder, names }: Cases): Promise<readonly Found[]> {
  await using runner = await CaseRunner.open(folder, runtime)
  const found: Found[] = []
  for (const name of names) found.push({ name, ...(await verdictOf(runner, name)) })
  return found
}

/** A case that breaks the runner has failed; the others are run all the same. */
async function verdictOf(runner: CaseRunner, name: string): Promise<CaseVerdict> {
  try {
    return await runner.run(name)
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    return { verdict: { kind: 'fail', reasons: [reason] }, differences: [] }
  }
}

function print(runtime: RuntimeName, found: readonly Found[], seconds: number): void {
  const failed = found.filter(({ verdict }) => verdict.kind === 'fail')
  const differing = found.filter(({ differences }) => differences.length > 0)
  console.log(`${runtime}: ${found.length - failed.length} passed, ${failed.length} failed, ${seconds.toFixed(1)} s`)
  if (differing.length > 0)
    console.log('  otherwise than the reference by default, where its behaviour is marked as odd:')
  for (const { name, differences } of differing) console.log(`    ${name}\n        ${firstLine(differences[0])}`)
  for (const { name, verdict } of failed)
    if (verdict.kind === 'fail')
      console.log(`  FAIL ${name}\n        ${verdict.reasons.map(firstLine).join('\n        ')}`)
}

function firstLine(text = ''): string {
  return (text.split('\n')[0] ?? '').slice(0, 400)
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options: { runtime: { type: 'string' } }, allowPositionals: true })
  const [given] = positionals
  const from = process.env['INIT_CWD'] ?? process.cwd() // pnpm runs this in the repository's root
  const cases = findCases(given === undefined ? undefined : resolve(from, given))
  if (cases === null) {
    console.log('0 passed, 0 failed')
    process.exitCode = given === undefined ? 0 : 1
    return
  }
  const runtimes = chosenRuntimes(values.runtime)
  await using redis = runtimes.includes('bullmq') && !process.env[TEST_REDIS_URL] ? await startRedis() : null
  if (redis !== null) process.env[TEST_REDIS_URL] = redis.url
  let passed = 0
  let failed = 0
  for (const runtime of runtimes) {
    const startedAt = performance.now()
    const found = await verdictsOn(runtime, cases)
    print(runtime, found, (performance.now() - startedAt) / 1000)
    const failedHere = found.filter(({ verdict }) => verdict.kind === 'fail').length
    passed += found.length - failedHere
    failed += failedHere
  }
  console.log(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
}

await main()
