import { functionsOf, systemClock, type Executors } from '@agentloom/engine'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { createEmbedded } from '../src/index.ts'

// node --conditions=agentloom-source packages/embedded/bench/chain.ts [runs] [concurrency] [rounds] [checkpoints]
const [runs = 500, concurrency = 64, rounds = 20, checkpoints = 0, length = 10] = process.argv.slice(2).map(Number)
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? '/tmp', 'agentloom-bench-'))
const executors: Omit<Executors, 'observe'> = {
  models: { call: () => Promise.reject(new Error('no models')) },
  tools: {
    names: () => [],
    call: () => Promise.reject(new Error('no tools')),
    onUnknown: () => 'retry',
    verify: async () => null,
    attach: () => Promise.reject(new Error('no attachments')),
  },
  functions: functionsOf([defineFunction({ name: 'noop', input: z.object({}), run: () => 1 })]),
  clock: systemClock,
  random: Math.random,
  runFolder: () => folder,
}
const steps = Array.from(
  { length },
  (_, index) =>
    `  - {id: s${index}, type: function, handler: noop${index === 0 ? '' : `, depends_on: [s${index - 1}]`}}`,
)
const { plan } = compileYaml(`name: chain\nsteps:\n${steps.join('\n')}\n`)
const embedded = await createEmbedded({ folder, executors, concurrency, checkpoints: checkpoints === 1 })

async function oneRun(): Promise<void> {
  const run = await embedded.start(plan)
  const view = await run.result()
  if (view.status !== 'success' || view.steps.length !== length)
    throw new Error(`${view.status} ${JSON.stringify(view.error)}`)
}
for (let i = 0; i < 50; i += 1) await oneRun()
const lone: number[] = []
for (let i = 0; i < 200; i += 1) {
  const t = performance.now()
  await oneRun()
  lone.push(performance.now() - t)
}
lone.sort((a, b) => a - b)
const rates: number[] = []
const cpus: number[] = []
const mains: number[] = []
for (let round = 0; round < rounds; round += 1) {
  const t = performance.now()
  const cpu = process.cpuUsage()
  const main = process.threadCpuUsage()
  await Promise.all(Array.from({ length: runs }, oneRun))
  const used = process.cpuUsage(cpu)
  const usedMain = process.threadCpuUsage(main)
  mains.push((usedMain.user + usedMain.system) / (runs * length))
  rates.push((runs * length) / ((performance.now() - t) / 1000))
  cpus.push((used.user + used.system) / (runs * length))
}
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[list.length >> 1] ?? 0
console.log(
  `lone ${((lone[100] ?? 0) / length).toFixed(3)} ms/step (p10 ${((lone[20] ?? 0) / length).toFixed(3)}) · ${runs} runs, concurrency ${concurrency}: ${Math.round(median(rates))} steps/s (best ${Math.round(Math.max(...rates))}) · ${median(cpus).toFixed(1)} µs CPU/step, of it ${median(mains).toFixed(1)} in the main thread`,
)
await embedded.close()
rmSync(folder, { recursive: true, force: true })
