import type { Bell, Doorbell } from '@agentloom/engine'
import type { ErrorInfo } from '@agentloom/workflow'
import type { BullmqDoorbell } from '../doorbell/bullmq-doorbell.ts'
import type { StepJob } from '../doorbell/step-job.ts'
import { shardOf } from './shard-of.ts'

/** Rings at the queue of the run's shard. */
export class ShardedDoorbell implements Doorbell {
  readonly #shards: readonly BullmqDoorbell[]

  constructor(shards: readonly BullmqDoorbell[]) {
    this.#shards = shards
  }

  async ring(bells: readonly Bell[]): Promise<void> {
    const [only] = this.#shards
    if (only !== undefined && this.#shards.length === 1) return only.ring(bells)
    const byShard = Map.groupBy(bells, ({ runId }) => this.#of(runId))
    await Promise.all([...byShard].map(([doorbell, own]) => doorbell.ring(own)))
  }

  ringOnce(bell: Bell): Promise<void> {
    return this.#of(bell.runId).ringOnce(bell)
  }

  ringAgain(name: string, job: StepJob, pool: string): Promise<void> {
    return this.#of(job.run).ringAgain(name, job, pool)
  }

  showRetry(bell: Bell, delayMs: number): Promise<void> {
    return this.#of(bell.runId).showRetry(bell, delayMs)
  }

  showFailed(bell: Bell, error: ErrorInfo): Promise<void> {
    return this.#of(bell.runId).showFailed(bell, error)
  }

  #of(runId: string): BullmqDoorbell {
    const doorbell = this.#shards[shardOf(runId, this.#shards.length)]
    if (doorbell === undefined) throw new Error('there is no shard')
    return doorbell
  }
}
