import { AgentloomError } from '@agentloom/workflow'

/** More runs wait to be begun than may: workers are behind. The run is not started. */
export class BacklogError extends AgentloomError {
  override readonly name = 'BacklogError'
  readonly code = 'run/backlog'
  readonly retryable = true
  override readonly help = 'start it again later, add workers, or raise AGENTLOOM_BACKLOG'
  constructor({ waiting, max }: { readonly waiting: number; readonly max: number }) {
    super(`${waiting} runs wait to be begun in this shard, and ${max} may: the run is not started`)
  }
}

/** Redis' memory is filled up to the mark: what is left is for runs that have been started. The run is not started. */
export class MemoryMarkError extends AgentloomError {
  override readonly name = 'MemoryMarkError'
  readonly code = 'redis/memory-mark'
  readonly retryable = true
  override readonly help =
    'start it again later, raise maxmemory or AGENTLOOM_MEMORY_MARK, or let ended runs leave earlier (AGENTLOOM_RETENTION)'
  constructor({ usedShare, mark }: { readonly usedShare: number; readonly mark: number }) {
    super(`Redis has filled ${percent(usedShare)} of its maxmemory, and new runs are taken up to ${percent(mark)}`)
  }
}

/** The run is started, but not known to be as safe as was asked for. */
export class DurabilityError extends AgentloomError {
  override readonly name = 'DurabilityError'
  readonly code = 'run/durability'
  readonly retryable = true
  override readonly place: string
  override readonly help =
    'the run is started and goes on; start it again with the same id to wait once more, or look at the replicas and the append-only file'
  constructor(runId: string, reached: string) {
    super(`run ${runId} is started in Redis, but ${reached}`)
    this.place = runId
  }
}

/** This Redis can't give the durability that is asked for, or the name is none. Nothing is started. */
export class DurabilityUnavailableError extends AgentloomError {
  override readonly name = 'DurabilityUnavailableError'
  readonly code = 'redis/durability'
  readonly retryable = false
  override readonly place = 'durability'
  override readonly help: string
  constructor(message: string, help: string) {
    super(message)
    this.help = help
  }
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
