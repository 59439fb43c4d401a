import { Worker } from 'node:worker_threads'
import { added, NOTHING, type SeedRange, type Summary } from './seeds.ts'

/** Seeds that a thread is given at once. */
const RANGE = 100

export interface PoolOptions {
  readonly threads: number
  readonly mutant?: string
  /** Stops at the first failure. */
  readonly isUntilFailure?: boolean
  readonly onProgress?: (soFar: Summary) => void
}

/** Runs a range of seeds on several threads. */
export async function runOnThreads(
  { from, seeds }: Pick<SeedRange, 'from' | 'seeds'>,
  { threads, mutant, isUntilFailure = false, onProgress }: PoolOptions,
): Promise<Summary> {
  let sum = NOTHING
  let next = from
  const runOne = async (): Promise<void> => {
    const thread = new Worker(new URL('./seeds-thread.ts', import.meta.url), {
      workerData: { mutant: mutant ?? null },
      execArgv: ['--conditions=agentloom-source'],
    })
    try {
      while (next < from + seeds && !(isUntilFailure && sum.failures.length > 0)) {
        const range = { from: next, seeds: Math.min(RANGE, from + seeds - next), isUntilFailure }
        next += range.seeds
        const part = await answered(thread, range)
        sum = added(sum, part)
        onProgress?.(sum)
      }
    } finally {
      await thread.terminate()
    }
  }
  await Promise.all(Array.from({ length: threads }, runOne))
  return sum
}

function answered(thread: Worker, range: SeedRange): Promise<Summary> {
  return new Promise((resolve, reject) => {
    thread.removeAllListeners()
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.postMessage(range)
  })
}
