// Every check of the house, one line each; what a check said is shown only if it failed. All are run, whatever fails.
// With arguments (`npm test -- packages/engine -t 'loses its step'`) only the tests run, and vitest gets them.

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const ROOT = dirname(import.meta.dirname)
const BIN = join(ROOT, 'node_modules', '.bin')
const TOTALS = join(ROOT, 'node_modules', '.cache', 'agentloom', 'totals')
const TEST_REPORT = join(ROOT, 'node_modules', '.cache', 'agentloom', 'tests.json')

// oxlint's rules for boundaries count under lint; the table of rooms is compared by tests/architecture.test.ts.
const CHECKS: readonly { readonly name: string; readonly command: readonly string[] }[] = [
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'dead code', command: ['knip', '--no-progress', '--no-config-hints'] },
  { name: 'types and build', command: ['tsc', '-b'] },
]
const TESTS = ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${TEST_REPORT}`]

const onlyTests = process.argv.slice(2)
process.exitCode = onlyTests.length > 0 ? await runOpenly(['vitest', 'run', ...onlyTests]) : await verify()

async function verify(): Promise<number> {
  rmSync(TEST_REPORT, { force: true })
  const failed: string[] = []
  for (const { name, command } of CHECKS) if (!(await check(name, command))) failed.push(name)
  const areTestsGreen = await check('tests', TESTS)
  const tests = testTotals(areTestsGreen)
  const totals = {
    ...tests,
    passed: tests.passed + CHECKS.length - failed.length,
    failed: tests.failed + failed.length,
  }
  if (!areTestsGreen) failed.push('tests')
  mkdirSync(TOTALS, { recursive: true })
  writeFileSync(join(TOTALS, 'verify.json'), JSON.stringify(totals))
  const skipped = tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''
  console.log(failed.length === 0 ? 'all checks passed' : `failed: ${failed.join(', ')}`)
  console.log(`${tests.passed} tests passed, ${tests.failed} failed${skipped}`)
  return failed.length === 0 ? 0 : 1
}

async function check(name: string, command: readonly string[]): Promise<boolean> {
  const isLive = process.stdout.isTTY
  if (isLive) process.stdout.write(` … ${name}`)
  const startedMs = performance.now()
  const { code, said } = await runQuietly(command)
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1).padStart(6)
  if (isLive) process.stdout.write('\r\u001b[2K')
  console.log(` ${code === 0 ? '✓' : '✗'} ${name.padEnd(16)}${seconds} s`)
  if (code !== 0) console.log(`${said.trimEnd()}\n`)
  return code === 0
}

function environment(): NodeJS.ProcessEnv {
  const color = process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }
  return { ...process.env, ...color, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` }
}

function runQuietly([command = '', ...args]: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(BIN, command), args, { cwd: ROOT, env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    const said: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, said: Buffer.concat(said).toString() }))
  })
}

function runOpenly([command = '', ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(BIN, command), args, { cwd: ROOT, env: environment(), stdio: 'inherit' })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

/** From vitest's own report. A run that failed counts at least one failure: a file that does not load has no tests. */
function testTotals(areTestsGreen: boolean): { passed: number; failed: number; skipped: number } {
  const floor = areTestsGreen ? 0 : 1
  try {
    const report: unknown = JSON.parse(readFileSync(TEST_REPORT, 'utf8'))
    const count = (key: string) => {
      const value: unknown =
        typeof report === 'object' && report !== null && key in report ? Reflect.get(report, key) : 0
      return typeof value === 'number' ? value : 0
    }
    return {
      passed: count('numPassedTests'),
      failed: Math.max(count('numFailedTests'), floor),
      skipped: count('numPendingTests') + count('numTodoTests'),
    }
  } catch {
    return { passed: 0, failed: floor, skipped: 0 }
  }
}
