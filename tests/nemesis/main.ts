// pnpm nemesis --minutes N [--effects N] [--seed S] [--only KINDS] [--json]: real workers, real Redis, real BullMQ, and everything that can happen to
// them. Exits with 0 when nothing was lost, stuck or done twice; with 1 when something was; with 2 when a fault took effect too seldom.

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { nemesis } from './nemesis.ts'
import { SCRATCH } from './scratch.ts'
import { printed } from './verdict/print.ts'

const SEED_MAX = 2 ** 31

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    effects: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * SEED_MAX)) },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
await mkdir(SCRATCH, { recursive: true })
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const folder = await mkdtemp(join(SCRATCH, 'run-'))
console.error(`seed ${values.seed}, in ${folder}`)
const report = await nemesis({
  seed: Number(values.seed),
  minutes: Number(values.minutes),
  effects: Number(values.effects),
  only: values.only === '' ? [] : values.only.split(','),
  folder,
  tell: (line) => console.error(line),
})
console.log(values.json ? JSON.stringify(report, null, 2) : printed(report))
const isKept = values.keep || report.verdict === 'violated'
if (isKept) console.error(`what the workers said: ${folder}/workers.log`)
else await rm(folder, { recursive: true, force: true })
process.exitCode = { green: 0, violated: 1, invalid: 2 }[report.verdict]
