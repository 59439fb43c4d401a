import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import {
  Claims,
  createPlans,
  Follower,
  Places,
  systemClock,
  type BlobStore,
  type EngineEvent,
  type Executors,
  type WalkerParts,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { connect } from '../connect/connect.ts'
import { RETENTION_MS } from '../journal/redis-journal.ts'
import { RedisCache } from '../journal/result-cache.ts'
import { openShards } from '../shards/open-shards.ts'
import { fixShardCount } from '../shards/shard-count.ts'
import { StartPolicy, type StartPolicyOptions } from '../start/start-policy.ts'
import { standingOf, type Standing } from '../standing.ts'
import { drain } from './drain.ts'
import type { WorkerEvent } from './events.ts'
import { NoHandler } from './no-handler.ts'
import { openWorkers } from './queue-workers.ts'
import { Presence } from './presence.ts'
import { BEAT_MS, Registry } from './registry.ts'
import { RingAgain } from './ring-again.ts'
import { serveStartJob } from './starts.ts'
import { serveStepJob, type StepsParts } from './steps.ts'
import { Spooling, type SpoolOptions } from './spooling.ts'
import { listenForStops } from './stops.ts'
import { sweep } from './sweep.ts'
import { takeBackEnded, takeFromSilent, type TakeoverParts } from './takeover.ts'
import { Ticks } from './ticks.ts'
import { checkWorkerOptions, servedShards } from './worker-options.ts'

export interface WorkerOptions extends StartPolicyOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  /** First part of every key. Default `al`. */
  readonly prefix?: string
  /** Number of shards, fixed at the first start. Default: as fixed, else 1. */
  readonly shards?: number
  /** Whose steps are taken, by number from 0. Default: all. */
  readonly onlyShards?: readonly number[]
  readonly executors: Executors
  /** Walks at once, 1 to 10,000. Default 64: steps of agents wait on the network. */
  readonly concurrency?: number
  /** Pools whose steps are taken, as steps name them with `queue`. Default: only `default`, the pool of steps that name none. */
  readonly pools?: readonly string[]
  /** Name in the journal and in Bull Board. Default: host name, process id and a random part. */
  readonly worker?: string
  /** How long a silent worker keeps its steps, 1,000 to 600,000 ms. Default 4,000: longer delays takeover, shorter costs beats and takes steps from workers that merely stutter. */
  readonly leaseMs?: number
  /** Steps that one job leads to before it gives its place to others, 1 to 10,000. Default 100. */
  readonly stepsMax?: number
  /** A step with which so many workers died is set aside, 1 to 1,000. Default 3. The same for all workers of a Redis. */
  readonly deathsMax?: number
  /** By name: what `start-run` jobs on the runs queue may start. Default: none, and the queue is left to others. */
  readonly workflows?: ReadonlyMap<string, Plan>
  /** Where values above 32 KiB lie, the same for all who share runs; see `openBlobPlace`. Default: in Redis. */
  readonly blobs?: BlobStore | null
  /** How long the records of an ended run stay in Redis, ms. Default 7 days. */
  readonly retentionMs?: number
  /** Keys and globs whose values leave no step of this worker, beside those that each workflow names (AGENTLOOM_REDACT_STATE_KEYS). */
  readonly redact?: readonly string[]
  /** What this worker writes to its own disk, so that Redis can be filled up after a loss of data. Default: none. */
  readonly spool?: SpoolOptions | null
  /** Starts in spite of a Redis that may evict keys when it is full. Default false; work is then lost without a trace. */
  readonly allowEviction?: boolean
  /** What happens to this worker, beside what `executors.observe` tells of runs. Must not throw. */
  readonly onEvent?: (event: WorkerEvent) => void
}

export interface WorkerRuntime {
  readonly worker: string
  /** Redis answers and jobs are taken. */
  isReady(): boolean
  /** The disk takes what is spooled; also true without a spool. */
  readonly isSpooling: boolean
  /** Steps that this process holds. */
  readonly held: number
  /** Somebody has paused a queue of its pools: what is in flight ends, nothing new of them begins. */
  readonly isPaused: boolean
  /** How runs and queues stand, of all workers together. */
  standing(): Promise<Standing>
  /**
   * Drains: takes nothing new, lets steps finish for `graceMs`, then hands back what is left. Twice is harmless.
   * @param options.graceMs milliseconds; default 10,000
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const BEATS_PER_LEASE = 4
const SWEEP_MS = 500
const TRIM_MS = 60_000
const PLACES_MS = 5_000
const GRACE_MS = 10_000

/**
 * Starts taking steps.
 * @throws {WorkerOptionError} `config/worker`
 * @throws {RedisUrlError} `config/redis-url`
 * @throws {ShardCountError} `config/shards`
 * @throws {RedisUnreachableError} `redis/unreachable`, within 5 s
 * @throws {RedisFullError} `redis/full`, where nothing of ours is in it yet
 * @throws {RedisConnectError} `redis/auth`, `redis/not-redis`, `redis/unsupported-version`, `redis/eviction-policy`
 */
export async function startWorkerRuntime(options: WorkerOptions): Promise<WorkerRuntime> {
  const { concurrency, leaseMs, stepsMax, deathsMax, pools } = checkWorkerOptions(options)
  const {
    executors,
    workflows = new Map<string, Plan>(),
    worker = defaultName(),
    retentionMs = RETENTION_MS,
    redact = [],
    onEvent: emit = () => undefined,
  } = options
  const onError = (during: Extract<WorkerEvent, { kind: 'error' }>['during']) => (error: unknown) =>
    emit({ kind: 'error', during, error })
  const { redis, shards, fleet } = await connect({ ...options, fixesShards: true, onError: onError('redis') })
  const served = servedShards(shards, options.onlyShards, () => redis.disconnect())
  const instance = newInstance()
  const registry = new Registry(redis, fleet)
  const { monotonic } = systemClock
  const spooling = new Spooling(
    { redis, shards, registry, instance, retentionMs, emit, monotonic },
    options.spool ?? null,
  )
  const { generations } = spooling
  const opened = openShards({
    redis,
    shards,
    retentionMs,
    deathsMax,
    blobs: options.blobs,
    generations,
    onError: onError('queue'),
  })
  const { doorbell, queues, closeQueues } = opened
  const policy = new StartPolicy({ redis, shards, journal: opened.journal }, options)
  const plans = createPlans((hash) => opened.journal.definition(hash), { redact })
  for (const plan of workflows.values()) plans.add(plan)
  const observe = (event: EngineEvent): void => {
    spooling.observe(event)
    executors.observe(event)
  }
  const journal = spooling.around(opened.journal, opened.unguarded, { doorbell, plans, observe })
  const follower = new Follower({ journal, doorbell, plans, observe })
  const claims = new Claims(journal, leaseMs)
  const presence = new Presence({
    redis,
    registry,
    instance,
    card: {
      worker,
      pools,
      shards: served.map(({ shard }) => shard),
      handlers: executors.functions.names(),
      concurrency,
    },
    held: () => claims.size,
    monotonic,
  })
  let isDraining = false
  let pausedPools: ReadonlySet<string> = new Set()
  const ringAgain = new RingAgain(doorbell, onError('queue'))
  const walker: WalkerParts = {
    journal,
    plans,
    executors: { cache: new RedisCache(redis, shards), ...executors, observe },
    claims,
    follower,
    worker,
    serves: (pool) => pools.includes(pool) && !pausedPools.has(pool),
    nonce: nonces(instance),
    stepsMax: () => (isDraining ? 0 : stepsMax), // then a walk gives its next step to others
  }
  const noHandler = new NoHandler({ redis, shards, served, registry, walker, monotonic })
  const steps: Omit<StepsParts, 'onExtraWalks'> = {
    doorbell,
    ringAgain,
    noHandler,
    emit,
    places: new Places(concurrency),
    walker,
  }
  await spooling.begin()
  const workers = await openWorkers(
    {
      redis,
      shards: served,
      starts: workflows.size > 0 ? (shards[0] ?? null) : null,
      worker,
      concurrency,
      pools,
      onError: onError('queue'),
      onWreck: (queue, { jobId, problem }) => emit({ kind: 'job-malformed', queue, jobId, problem }),
    },
    {
      // A worker that may claim nothing leaves bells to others, which it would spoil faster than they take them. One that is closing
      // may still be brought some.
      steps: async (job, onExtraWalks) =>
        spooling.isReady && !isDraining ? serveStepJob({ ...steps, onExtraWalks }, job) : 'put-back',
      runs: (job) => serveStartJob({ journal, follower, workflows, policy, emit }, job),
    },
  )
  const takeover: TakeoverParts = { journal, follower, registry, emit, instance }
  const takeSteps = async (): Promise<void> => {
    if (presence.isSteady) await takeFromSilent(takeover)
  }
  const endsLeases = (): boolean => presence.isSteady
  const tellPlaces = async (): Promise<void> => {
    await fixShardCount({ redis, key: fleet.shards, wanted: shards.length })
    await opened.tellPools(served, pools)
  }
  const ticks = [
    new Ticks(leaseMs / BEATS_PER_LEASE, () => claims.beat(), onError('beat')),
    new Ticks(Math.min(BEAT_MS, leaseMs / BEATS_PER_LEASE), () => presence.beat(), onError('beat')),
    new Ticks(SWEEP_MS, () => takeSteps(), onError('sweep')),
    new Ticks(
      SWEEP_MS,
      async () => {
        pausedPools = await opened.pausedPools(served, pools)
      },
      onError('queue'),
    ),
    new Ticks(SWEEP_MS, () => spooling.look(), onError('spool')),
    new Ticks(SWEEP_MS, async () => spooling.sweep?.dropRemoved(), onError('spool')),
    new Ticks(TRIM_MS, async () => spooling.sweep?.sweep(), onError('spool')),
    new Ticks(TRIM_MS, () => registry.trim(), onError('sweep')),
    new Ticks(TRIM_MS, () => noHandler.wakeAll(), onError('sweep')),
    // A redis that lost its data is told anew, before somebody starts with another number.
    new Ticks(PLACES_MS, () => tellPlaces(), onError('sweep')),
    ...served
      .flatMap(({ shard }) => opened.journal.shards[shard] ?? [])
      .flatMap((own) => [
        new Ticks(SWEEP_MS, () => sweep({ journal: own, follower, emit, endsLeases }), onError('sweep')),
        new Ticks(TRIM_MS, () => own.trimIndexes(), onError('sweep')),
      ]),
  ]
  const channels = served.map(({ stops }) => stops)
  const stopListening = await listenForStops({
    redis,
    channels,
    claims,
    onRemoved: (runId) => spooling.sweep?.removed(runId),
    onError: onError('beat'),
  })
  await presence.beat() // who can be asked for steps is known
  await tellPlaces().catch(onError('sweep'))
  await takeBackEnded(takeover).catch(onError('sweep')) // what it misses the sweeper takes
  for (const tick of ticks) tick.now() // what fell due while nobody was there
  let closed: Promise<void> | null = null
  const close = ({ graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> => {
    isDraining = true
    ringAgain.close()
    stopListening()
    return (closed ??= drain(
      { workers, claims, ticks, redis, closeQueues, leave: () => presence.leave() },
      graceMs,
    ).finally(() => policy.close()))
  }
  return {
    worker,
    isReady: () =>
      redis.status === 'ready' && closed === null && spooling.isReady && workers.every((one) => one.isRunning()),
    get isSpooling() {
      return spooling.isReady
    },
    get held() {
      return claims.size
    },
    standing: async () => standingOf(redis, { shards, queues: await queues() }),
    get isPaused() {
      return pausedPools.size > 0
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

function defaultName(): string {
  return `${hostname()}:${process.pid}:${randomBytes(2).toString('hex')}`
}

function newInstance(): string {
  return randomBytes(9).toString('base64url')
}

/** Unique over processes by their random part, within one by counting. */
function nonces(instance: string): () => string {
  let count = 0
  return () => `${instance}${(count += 1).toString(36)}`
}
