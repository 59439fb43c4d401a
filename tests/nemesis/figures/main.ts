// pnpm figures [--size 0.1] [--only NAMES] [--json FILE]: what durability costs and how long recovery takes, each figure with its
// target. Figures of a machine that does something else meanwhile mean nothing.

import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SCRATCH } from '../scratch.ts'
import { cancel } from './cancel.ts'
import type { Figure, Row } from './figure.ts'
import { flush } from './flush.ts'
import { afterRetention, liveSteps } from './footprint.ts'
import { redisRestart } from './redis-restart.ts'
import { restart, takeover } from './takeover.ts'
import { timers } from './timers.ts'
import { loop, memory, throughput } from './worker-load.ts'

const FIGURES: readonly Figure[] = [
  takeover,
  restart,
  redisRestart,
  timers,
  flush,
  cancel,
  liveSteps,
  afterRetention,
  memory,
  loop,
  throughput,
]

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1' },
    only: { type: 'string', default: '' },
    json: { type: 'string' },
  },
})
const names = values.only === '' ? [] : values.only.split(',')
const unknown = names.filter((name) => !FIGURES.some((figure) => figure.name === name))
if (unknown.length > 0)
  throw new Error(`no figure is called ${unknown.join(', ')}; there are ${FIGURES.map(({ name }) => name).join(', ')}`)

if (spawnSync('tsc', ['-b'], { stdio: 'inherit' }).status !== 0) throw new Error('the programs do not build')
const rows: Row[] = []
const loadBefore = loadavg()[0] ?? 0
for (const figure of FIGURES.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const measured = await measure(figure)
  rows.push(...measured)
  for (const row of measured) console.log(line(row))
}
console.log(`load of the machine before: ${loadBefore.toFixed(1)}`)
if (values.json !== undefined)
  await writeFile(values.json, JSON.stringify({ size: Number(values.size), loadBefore, rows }, null, 2))
process.exitCode = rows.some(({ isMet }) => isMet === false) ? 1 : 0

/** A figure that can't be measured is one that is missed: the others go on. */
async function measure(figure: Figure): Promise<readonly Row[]> {
  await mkdir(SCRATCH, { recursive: true })
  const folder = await mkdtemp(join(SCRATCH, `${figure.name}-`))
  try {
    const measured = await figure.measure({ folder, size: Number(values.size) })
    await rm(folder, { recursive: true, force: true })
    return measured
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return [{ figure: figure.name, value: `not measured: ${reason} (${folder})`, target: null, isMet: false }]
  }
}

function line({ figure, value, target, isMet }: Row): string {
  const verdict = isMet === null ? ' ' : isMet ? '✓' : '✗'
  return ` ${verdict} ${figure}: ${value}${target === null ? '' : `   target ${target}`}`
}
