import type { RunStatus } from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import { shardOf } from '../shards/shard-of.ts'
import { Scripts } from '../script.ts'
import { Durability, type StartDurability } from './durability.ts'
import { StartGate, type StartLimits } from './start-gate.ts'

export interface StartPolicyOptions extends StartLimits {
  /** When a START counts as accepted. Default `redis`. */
  readonly durability?: StartDurability | undefined
}

interface Statuses {
  status(runId: string): Promise<RunStatus | null>
}

/** What stands before and behind the START of a run that somebody asks for; child runs pass by. */
export class StartPolicy {
  readonly #shards: readonly Keys[]
  readonly #gates: readonly StartGate[]
  readonly #durability: Durability
  readonly #default: StartDurability
  readonly #journal: Statuses

  constructor(
    {
      redis,
      shards,
      journal,
    }: { readonly redis: RedisLink; readonly shards: readonly Keys[]; readonly journal: Statuses },
    options: StartPolicyOptions,
  ) {
    this.#shards = shards
    const scripts = new Scripts(redis)
    this.#gates = shards.map((keys) => new StartGate({ scripts, keys, shardCount: shards.length, limits: options }))
    this.#durability = new Durability(redis)
    this.#default = options.durability ?? 'redis'
    this.#journal = journal
  }

  /**
   * @param start told whether the run was started
   * @throws {BacklogError} `run/backlog` {@link MemoryMarkError} `redis/memory-mark`, {@link DurabilityUnavailableError}
   *   `redis/durability`: nothing is started
   * @throws {DurabilityError} `run/durability`: the run is started
   */
  async around<Reply>(
    runId: string,
    start: () => Promise<Reply>,
    durability: StartDurability = this.#default,
  ): Promise<Reply> {
    const shard = shardOf(runId, this.#shards.length)
    const [keys, gate] = [this.#shards[shard], this.#gates[shard]]
    if (keys === undefined || gate === undefined) throw new Error('there is no shard')
    if (durability !== 'redis') await this.#durability.check(durability)
    try {
      await gate.admit()
    } catch (error) {
      if ((await this.#journal.status(runId)) === null) throw error // what was accepted before stays accepted
    }
    const reply = await start()
    if (durability !== 'redis') await this.#durability.reach(runId, keys, durability)
    return reply
  }

  close(): void {
    this.#durability.close()
  }
}
