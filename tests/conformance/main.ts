// pnpm conformance: how this version stands with the recorded cases, as a table; exit code 1 when a case fails.
// AGENTLOOM_CONFORMANCE_RUNTIMES=memory,embedded,bullmq chooses the runtimes; bullmq starts a Redis of its own.

import { startRedis, TEST_REDIS_URL } from '@agentloom/testing'
import { findCases } from './cases.ts'
import { CaseRunner, type Verdict } from './run-case.ts'
import { chosenRuntimes, type RuntimeName } from './runtimes.ts'

type Verdicts = ReadonlyMap<string, Verdict>

async function verdictsOn(runtime: RuntimeName, cases: { readonly folder: string; readonly names: readonly string[] }) {
  await using runner = await CaseRunner.open(cases.folder, runtime)
  const verdicts = new Map<string, Verdict>()
  const compat = new Map<string, Verdict>()
  for (const name of cases.names) {
    const verdict = await runner.run(name)
    verdicts.set(name, verdict)
    if (verdict.kind === 'differs') compat.set(name, await runner.run(name, { compat: 'agentloom' }))
  }
  return { verdicts, compat }
}

function count(verdicts: Verdicts, kind: Verdict['kind']): string {
  return String([...verdicts.values()].filter((verdict) => verdict.kind === kind).length).padStart(8)
}

function printNotYet(verdicts: Verdicts): void {
  const reasons = new Map<string, number>()
  for (const verdict of verdicts.values()) {
    if (verdict.kind !== 'not-yet') continue
    for (const reason of verdict.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  }
  for (const [reason, cases] of [...reasons].sort((a, b) => b[1] - a[1]))
    console.log(`  ${String(cases).padStart(4)}  ${reason}`)
}

function printDiffering(verdicts: Verdicts, compat: Verdicts): void {
  for (const [name, verdict] of verdicts) {
    if (verdict.kind !== 'differs') continue
    const isAsThere = compat.get(name)?.kind === 'pass'
    console.log(
      `  ${name}${isAsThere ? '  (as the reference under compat)' : ''}\n        ${firstLine(verdict.reasons[0])}`,
    )
  }
}

function firstLine(text = ''): string {
  return (text.split('\n')[0] ?? '').slice(0, 160)
}

async function main(): Promise<void> {
  const cases = findCases()
  if (cases === null) return
  const runtimes = chosenRuntimes()
  await using redis = runtimes.includes('bullmq') && !process.env[TEST_REDIS_URL] ? await startRedis() : null
  if (redis !== null) process.env[TEST_REDIS_URL] = redis.url
  console.log(`${cases.names.length} cases        pass differs  not yet     FAIL     seconds`)
  const failed: string[] = []
  const all = new Map<RuntimeName, Awaited<ReturnType<typeof verdictsOn>>>()
  for (const runtime of runtimes) {
    const startedAt = performance.now()
    const found = await verdictsOn(runtime, cases)
    all.set(runtime, found)
    const { verdicts } = found
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1).padStart(11)
    const counts = (['pass', 'differs', 'not-yet', 'fail'] as const).map((kind) => count(verdicts, kind))
    console.log(`${runtime.padEnd(12)}${counts.join(' ')}${seconds}`)
    for (const [name, verdict] of verdicts)
      if (verdict.kind === 'fail') failed.push(`${runtime}: ${name}\n    ${verdict.reasons.join('\n    ')}`)
  }
  for (const [runtime, { verdicts, compat }] of all) {
    console.log(`\n${runtime}: otherwise than the reference, where its behaviour is marked as odd`)
    printDiffering(verdicts, compat)
    if (runtime !== runtimes[0]) continue
    console.log('\nnot yet, by what the workflow uses')
    printNotYet(verdicts)
  }
  if (failed.length === 0) return
  console.log(`\nFAIL\n  ${failed.join('\n  ')}`)
  process.exitCode = 1
}

await main()
