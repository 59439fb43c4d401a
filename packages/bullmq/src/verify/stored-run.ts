import { RUN_STATUSES } from '@agentloom/engine'
import type { RedisLink } from '../connect/link.ts'
import { redisError } from '../connect/redis-error.ts'
import type { Keys } from '../keys.ts'

/** What Redis has of a run beside its records. */
export interface StoredRun {
  readonly recordCount: number
  /** Of the hash `run`. */
  readonly fields: ReadonlyMap<StoredField, string>
  /** The hash `steps`. */
  readonly steps: ReadonlyMap<string, string>
  /** Steps that have an output. */
  readonly outputs: ReadonlySet<string>
  /** Steps that wait for a slot. */
  readonly queue: ReadonlySet<string>
  /** Steps with an entry in `due`, and '' for the run's deadline. */
  readonly due: ReadonlySet<string>
  /** Lists of runs that name it: `ix:STATUS`, `cx:STATUS`. */
  readonly indexes: ReadonlySet<string>
}

const FIELDS = ['status', 'inFlight', 'spent', 'held', 'closing', 'key', 'parent'] as const
export type StoredField = (typeof FIELDS)[number]

/** Names asked for in one command. */
const BATCH = 1_000

/** Null where there is no such run, or somebody wrote to it while we looked. */
export async function readStored(redis: RedisLink, keys: Keys, runId: string): Promise<StoredRun | null> {
  const [run, steps, out, log] = keys.run(runId)
  const indexes = RUN_STATUSES.flatMap((status) => [keys.index(status), keys.childIndex(status)])
  try {
    const [fields, cells, outputs, queue, ...scores] = await atOnce(redis, (pipe) => {
      pipe
        .hmget(run, ...FIELDS)
        .hgetall(steps)
        .hkeys(out)
        .zrange(`${keys.root}queue:${runId}`, '0', '-1')
      for (const index of indexes) pipe.zscore(index, runId)
      return pipe.llen(log)
    })
    const recordCount = Number(scores.pop())
    if (recordCount === 0) return null
    const names = ['', ...Object.keys(Object(cells)).filter((name) => !name.includes('/'))]
    const due = new Set<string>()
    for (let at = 0; at < names.length; at += BATCH) {
      const some = names.slice(at, at + BATCH)
      const times = await redis.zmscore(keys.due, ...some.map((step) => (step === '' ? runId : `${runId}/${step}`)))
      for (const [index, step] of some.entries()) if (times[index] != null) due.add(step)
    }
    if ((await redis.llen(log)) !== recordCount) return null
    return {
      recordCount,
      fields: new Map(
        FIELDS.flatMap((name, at) => (textsIn(fields)[at] == null ? [] : [[name, textsIn(fields)[at] ?? '']])),
      ),
      steps: new Map(Object.entries(Object(cells)).map(([name, value]) => [name, String(value)])),
      outputs: new Set(textsIn(outputs).map(String)),
      queue: new Set(textsIn(queue).map(String)),
      due,
      indexes: new Set(indexes.filter((_, at) => scores[at] != null).map((key) => key.slice(keys.root.length))),
    }
  } catch (error) {
    throw redisError(error)
  }
}

type Pipe = ReturnType<RedisLink['multi']>

/** What all of the commands answer of one moment. */
async function atOnce(redis: RedisLink, commands: (pipe: Pipe) => Pipe): Promise<unknown[]> {
  const results = await commands(redis.multi()).exec()
  return (results ?? []).map(([error, value]) => {
    if (error !== null) throw error
    return value
  })
}

function textsIn(reply: unknown): readonly (string | null)[] {
  return Array.isArray(reply) ? reply.map((text: unknown) => (typeof text === 'string' ? text : null)) : []
}
