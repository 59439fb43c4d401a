// The measured process: one load, once, then its sample as JSON on stdout. Its CPUs were set by who started it.

import { loadsNamed } from '../loads/loads.ts'
import { measureLookUps } from '../look-ups/measure-look-ups.ts'
import { CpuMeter } from './cpu-time.ts'
import { measureChain } from './measure-chain.ts'
import { taskSchema, type Task } from './task.ts'

async function perform(task: Task): Promise<unknown> {
  if (task.kind === 'look-ups') return measureLookUps(task.roundMs)
  if (task.kind === 'language') {
    const { measureLanguage } = await import('../language/measure-language.ts')
    return measureLanguage(task.roundMs)
  }
  const [kind] = loadsNamed([task.load])
  if (kind === undefined) throw new Error(`no load`)
  const meter = new CpuMeter(kind.store === 'redis' ? task.redis : null)
  const sample = await measureChain({ ...kind, open: () => kind.open(task) }, meter, task.sizes)
  await meter.close()
  return sample
}

const sample = await perform(taskSchema.parse(JSON.parse(process.argv[2] ?? 'null')))
process.stdout.write(`${JSON.stringify(sample)}\n`)
