// The closing line of .ci/run: what scripts/verify.ts and the longer runs counted, added up.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './setup.mjs'

const folder = join(ROOT, 'node_modules', '.cache', 'agentloom', 'totals')
const sum = { passed: 0, failed: 0, skipped: 0 }
try {
  for (const file of readdirSync(folder)) {
    const totals = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    sum.passed += totals.passed
    sum.failed += totals.failed
    sum.skipped += totals.skipped
  }
} catch {
  sum.failed += 1 // the checks did not come as far as counting
}
if (process.argv[2] !== '0' && sum.failed === 0) sum.failed = 1 // something ended badly that counted nothing itself
process.stdout.write(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}\n`)
