// pnpm sim [--seeds N] [--from S] [--verbose] [--mutants [NAME …]]: the deterministic simulator. docs/durability.md, "How it is tested".

import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runOnThreads } from './pool.ts'
import { missingFaults, reportOf } from './report.ts'
import { runSeeds, type Summary } from './seeds.ts'
import { killMutants } from './kill-mutants.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: '1' },
    threads: { type: 'string', default: String(availableParallelism()) },
    verbose: { type: 'boolean', default: false },
    mutants: { type: 'boolean', default: false },
  },
})
const range = { from: whole('from', values.from), seeds: whole('seeds', values.seeds) }
const threads = whole('threads', values.threads)

if (values.mutants) process.exitCode = await killMutants(positionals, threads)
else if (values.verbose)
  setImmediate(() => finish(runSeeds({ ...range, isUntilFailure: true }, console.log), performance.now()))
else await runQuietly()

async function runQuietly(): Promise<void> {
  const startedMs = performance.now()
  finish(await runOnThreads(range, { threads }), startedMs)
}

function finish(summary: Summary, startedMs: number): void {
  console.log(reportOf(summary, (performance.now() - startedMs) / 1_000))
  process.exitCode = summary.failures.length + missingFaults(summary).length === 0 ? 0 : 1
}

function whole(name: string, text: string): number {
  const number = Number(text)
  if (Number.isSafeInteger(number) && number > 0) return number
  console.error(`--${name} takes a whole number above 0, not ${text}`)
  process.exit(2)
}
