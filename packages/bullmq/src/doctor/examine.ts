import type { Standing } from '../standing.ts'
import type { WorkerEntry } from '../worker/registry.ts'

/** One thing that the doctor looked at. */
export interface Finding {
  /** What was looked at, the same from release to release: `redis-persistence`. */
  readonly check: string
  /** `problem`: work is lost or stands still, now or at the next mishap. `warning`: worth a look. */
  readonly level: 'ok' | 'warning' | 'problem'
  /** One sentence. */
  readonly message: string
  /** What to do, null where nothing is to be done. */
  readonly remedy: string | null
}

/** What a Redis server says of itself. */
export interface ServerFacts {
  /** `host:port`, for people. */
  readonly address: string
  readonly version: string
  readonly usedBytes: number
  /** 0: no limit but the machine's memory. */
  readonly maxBytes: number
  readonly machineBytes: number
  readonly policy: string
  readonly hasAof: boolean
  /** Null where the server does not tell. */
  readonly fsync: string | null
  readonly lastAofWrite: string
  readonly lastSave: string
  /** How far the clock here is ahead of the server's, milliseconds. */
  readonly clockAheadMs: number
  /** Half of what the question took: the difference cannot be told better. */
  readonly clockErrorMs: number
}

/** What the doctor has gathered of a place. */
export interface RedisFacts {
  readonly servers: readonly ServerFacts[]
  readonly standing: Standing
  readonly workers: readonly WorkerEntry[]
  /** Version of this program. */
  readonly version: string
  /** Run ids whose keys are there without the run itself, some of them. */
  readonly orphans: readonly string[]
  /** A pool's queue by its name. */
  readonly poolOf: (queue: string) => string | null
}

/** WAITAOF, for runs that are acknowledged when they are on disk. */
const WAITAOF_VERSION = [7, 2] as const
const MEMORY_WARNING = 0.75
const MEMORY_PROBLEM = 0.9
const CLOCK_WARNING_MS = 1_000
const LAG_WARNING_MS = 60_000
/** A sweep takes thousands: more than that overdue means that nobody sweeps, or too few. */
const OVERDUE_WARNING = 5_000

/** Everything that may be wrong with a Redis and its workers, each with its remedy; pure. */
export function examine(facts: RedisFacts): readonly Finding[] {
  return [...facts.servers.flatMap(examineServer), ...examineWorkers(facts), ...examineQueues(facts), orphans(facts)]
}

function examineServer(server: ServerFacts): readonly Finding[] {
  return [version(server), persistence(server), lastWrites(server), eviction(server), memory(server), clock(server)]
}

function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message, remedy: null }
}

function version({ address, version: text }: ServerFacts): Finding {
  const [major = 0, minor = 0] = text.split('.').map(Number)
  const [wantedMajor, wantedMinor] = WAITAOF_VERSION
  const isNewEnough = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  const message = `${address} is Redis ${text}`
  if (isNewEnough) return ok('redis-version', message)
  return {
    check: 'redis-version',
    level: 'warning',
    message: `${message}: durability 'aof' of a start needs ${WAITAOF_VERSION.join('.')}`,
    remedy: `upgrade to Redis ${WAITAOF_VERSION.join('.')} or newer, if runs are to be acknowledged only when they are on disk`,
  }
}

function persistence({ address, hasAof, fsync }: ServerFacts): Finding {
  const check = 'redis-persistence'
  if (!hasAof)
    return {
      check,
      level: 'problem',
      message: `${address} writes no append-only file: a restart takes it back to its last snapshot, or to nothing`,
      remedy: 'CONFIG SET appendonly yes, and the same in redis.conf',
    }
  if (fsync === 'no')
    return {
      check,
      level: 'warning',
      message: `${address} leaves it to the system when its append-only file is on disk: a power failure may cost half a minute`,
      remedy: 'CONFIG SET appendfsync everysec, and the same in redis.conf',
    }
  return ok(check, `${address} writes an append-only file, fsync ${fsync ?? 'as it is set'}`)
}

function lastWrites({ address, lastAofWrite, lastSave }: ServerFacts): Finding {
  if (lastAofWrite === 'ok' && lastSave === 'ok')
    return ok('redis-disk', `${address} could write to its disk the last time`)
  return {
    check: 'redis-disk',
    level: 'problem',
    message: `${address} could not write its ${lastAofWrite === 'ok' ? 'snapshot' : 'append-only file'} the last time`,
    remedy: "see the server's log, and whether its disk is full",
  }
}

function eviction({ address, policy }: ServerFacts): Finding {
  if (policy === 'noeviction') return ok('redis-eviction', `${address} never throws keys away (noeviction)`)
  return {
    check: 'redis-eviction',
    level: 'problem',
    message: `${address} has the maxmemory-policy ${policy}: when it is full it throws runs away`,
    remedy: 'CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
  }
}

function memory({ address, usedBytes, maxBytes, machineBytes }: ServerFacts): Finding {
  const limit = maxBytes > 0 ? maxBytes : machineBytes
  const share = limit > 0 ? usedBytes / limit : 0
  const of = maxBytes > 0 ? 'its maxmemory' : "its machine's memory"
  const message = `${address} uses ${mebibytes(usedBytes)}, ${Math.round(share * 100)} % of ${of} (${mebibytes(limit)})`
  if (share < MEMORY_WARNING) return ok('redis-memory', message)
  return {
    check: 'redis-memory',
    level: share < MEMORY_PROBLEM ? 'warning' : 'problem',
    message,
    remedy: 'raise maxmemory, keep ended runs for a shorter time, or remove some: agentloom runs prune --older-than 1d',
  }
}

function clock({ address, clockAheadMs, clockErrorMs }: ServerFacts): Finding {
  const apart = Math.max(0, Math.abs(clockAheadMs) - clockErrorMs)
  if (apart < CLOCK_WARNING_MS) return ok('redis-clock', `the clocks here and at ${address} agree`)
  const how = clockAheadMs > 0 ? 'ahead of' : 'behind'
  return {
    check: 'redis-clock',
    level: 'warning',
    message: `the clock here is ${Math.round(apart / 1_000)} s ${how} that of ${address}; runs go by Redis' clock, so only times that you read here are off`,
    remedy: 'synchronise the clocks (chrony, systemd-timesyncd)',
  }
}

function examineWorkers({ workers, standing, version: own }: RedisFacts): readonly Finding[] {
  const alive = workers.filter(({ isSilent }) => !isSilent)
  const { queued, running, parked } = standing.runs
  const live = queued + running + parked
  const findings: Finding[] = [
    alive.length > 0 || live === 0
      ? ok('workers-alive', `${count(alive.length, 'worker')} alive, ${count(live, 'run')} at work or waiting`)
      : {
          check: 'workers-alive',
          level: 'problem',
          message: `no worker is alive, and ${count(live, 'run')} wait`,
          remedy: 'start one: agentloom worker --redis URL --functions MODULE',
        },
  ]
  const silent = workers.filter(({ isSilent }) => isSilent)
  if (silent.length > 0)
    findings.push({
      check: 'workers-silent',
      level: 'warning',
      message: `not heard of for some seconds: ${names(silent.map(({ worker }) => worker))}`,
      remedy: 'see whether they were stopped, suspended or cut off; others take over what they held',
    })
  const versions = new Set([own, ...alive.map((one) => one.version)])
  findings.push(
    versions.size === 1
      ? ok('workers-versions', `all workers have this version, ${own}`)
      : {
          check: 'workers-versions',
          level: 'warning',
          message: `versions differ: ${own} here, and ${names([...versions].filter((one) => one !== own))} on workers`,
          remedy: 'finish the deployment; runs of a newer format wait for workers that know it',
        },
  )
  return findings
}

function examineQueues({ standing, workers, poolOf }: RedisFacts): readonly Finding[] {
  const alive = workers.filter(({ isSilent }) => !isSilent)
  const findings = standing.queues.flatMap(({ name, isPaused, jobs, oldestMs }): readonly Finding[] => {
    const waiting = jobs.waiting + jobs.prioritized
    const pool = poolOf(name)
    const isServed = pool === null || alive.some(({ pools }) => pools.includes(pool))
    if (isPaused)
      return [
        {
          check: 'queues-paused',
          level: 'warning',
          message: `the queue ${name} is paused, ${count(waiting, 'job')} wait`,
          remedy: 'resume it in Bull Board',
        },
      ]
    if (waiting > 0 && !isServed)
      return [
        {
          check: 'queues-unserved',
          level: 'problem',
          message: `${count(waiting, 'job')} wait in ${name}, and no worker serves the pool ${pool}`,
          remedy: `start one: agentloom worker --queues ${pool}`,
        },
      ]
    if (oldestMs > LAG_WARNING_MS)
      return [
        {
          check: 'queues-lag',
          level: 'warning',
          message: `the oldest of ${count(waiting, 'job')} in ${name} has waited ${Math.round(oldestMs / 1_000)} s`,
          remedy: 'start more workers, or give them a higher --concurrency',
        },
      ]
    return []
  })
  const { overdue } = standing
  if (overdue > OVERDUE_WARNING)
    findings.push({
      check: 'queues-overdue',
      level: 'warning',
      message: `${count(overdue, 'obligation')} overdue: nobody sweeps, or too few`,
      remedy: 'start workers; they see to it by themselves',
    })
  return findings.length > 0 ? findings : [ok('queues-lag', 'nothing waits for long')]
}

function orphans({ orphans: found }: RedisFacts): Finding {
  if (found.length === 0) return ok('keys-orphans', 'no keys without their run')
  return {
    check: 'keys-orphans',
    level: 'warning',
    message: `keys without their run: ${names(found)}`,
    remedy: 'bring the runs back with `agentloom recover`, or remove what is left with `agentloom runs rm RUN`',
  }
}

const NAMES_MAX = 5

function names(all: readonly string[]): string {
  const more = all.length - NAMES_MAX
  return `${all.slice(0, NAMES_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`
}
