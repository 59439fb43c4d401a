import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { openBlobPlace, startWorkerRuntime, type StartDurability } from '@agentloom/bullmq'
import { spoolFolder, WorkerSpool } from '@agentloom/embedded'
import { type Executors, functionsOf, type Models, systemClock } from '@agentloom/engine'
import {
  type CallObserver,
  createGateway,
  detectOllama,
  type Environment,
  type Gateway,
  providersFromEnvironment,
} from '@agentloom/gateway'
import { createLogger, createMetrics, type Logger, secretsOf } from '@agentloom/telemetry'
import { closedFloor, createToolBox, createWebhooks, type Floor, type Tool } from '@agentloom/tools'
import type { FunctionDefinition, Plan } from '@agentloom/workflow'
import { startCompactor } from './compactor/compactor.ts'
import { eventLog } from './log/log-events.ts'
import { createMeter } from './metrics/meter.ts'
import { meteredTools } from './metrics/metered-tools.ts'
import { scrape } from './metrics/scrape.ts'
import { runFolders, withRunFolder } from './run-folder/run-folders.ts'
import { scoped } from './stray/step-scope.ts'

export interface StartWorkerOptions {
  /** `redis://…`, `redis+sentinel://…/NAME` or `redis+cluster://…`; `rediss` for TLS. */
  readonly redis: string
  /** First part of every key. Default `al`. */
  readonly prefix?: string
  /** Number of shards, fixed at the first start. Default: as fixed, else 1. */
  readonly shards?: number
  /** For `start-run` jobs, which wait while it is passed: see `WorkerOptions` of `@agentloom/bullmq`. */
  readonly backlogMax?: number | undefined
  readonly memoryMark?: number | undefined
  readonly durability?: StartDurability | undefined
  /** Whose steps are taken, by number from 0. Default: all. */
  readonly onlyShards?: readonly number[]
  /** What `function` steps may call, by name. */
  readonly functions?: Iterable<FunctionDefinition>
  /** What `start-run` jobs may name. Default: none. */
  readonly workflows?: Iterable<Plan>
  /** Tools beside the built-in ones. */
  readonly tools?: readonly Tool[]
  /** What tools may do here, whatever workflows say. Default: closed (no commands, no files outside the run's folder, no internal addresses). */
  readonly floor?: Floor
  /** Who answers model calls. Default: a gateway with the providers that `environment` has keys for, and a local Ollama. */
  readonly models?: Models
  /** Where keys of providers are looked up. Default `process.env`. */
  readonly environment?: Environment
  /** Content of a pricing file, for the default gateway; see `createGateway`. */
  readonly prices?: unknown
  /** For the default gateway; see `createGateway`. */
  readonly candidateCacheMax?: number
  /** Steps at once. Default 64. */
  readonly concurrency?: number
  /** Pools whose steps are taken, as steps name them with `queue`. Default: only `default`. */
  readonly queues?: readonly string[]
  /** Name in the journal and in Bull Board. Default: host, process id and a random part. */
  readonly name?: string
  /** How long a silent worker keeps its steps, milliseconds; see `WorkerOptions` of `@agentloom/bullmq`. */
  readonly leaseMs?: number
  /** Folder of `checkpoints/`, `spool/` and `work/`. Default `./.agentloom`. */
  readonly home?: string
  /** Where values above 32 KiB lie: see AGENTLOOM_BLOBS. Default `redis`. */
  readonly blobs?: string
  /** How long ended runs stay in Redis, milliseconds. Default 7 days. */
  readonly retentionMs?: number
  /** A step with which so many workers died is set aside. Default 3. */
  readonly deathsMax?: number
  /** How long a run waits for somebody before it leaves Redis for its checkpoint, milliseconds; null: it stays. Default 1 hour. */
  readonly awayMs?: number | null
  /** How long checkpoints and run folders of ended runs stay, milliseconds. Default: until somebody removes them. */
  readonly checkpointRetentionMs?: number
  /** Folder of the run folders. Default: `work/` in `home`. */
  readonly workDir?: string
  /**
   * How results are written to this machine's disk, so that Redis can be filled up after a loss of data: with the commit to
   * Redis, before it, or not at all. Default `parallel`.
   */
  readonly spool?: 'parallel' | 'before' | 'off'
  /** Keys and globs whose values are not shown, beside those that each workflow names. Default: none. */
  readonly redact?: readonly string[]
  /** Label sets of one metric, see `createMetrics`. Default 1,024. */
  readonly metricsKeysMax?: number
  /** Default: JSON lines on stderr, from level info on. */
  readonly logger?: Logger
}

export interface RunningWorker {
  readonly name: string
  /** Redis answers, and steps are taken. */
  isReady(): boolean
  /** The disk takes what is spooled; also true without a spool. */
  readonly isSpooling: boolean
  /** Steps in hand. */
  readonly held: number
  /** For a scrape: Prometheus' text format, and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
  /**
   * Drains: takes nothing new, lets steps finish for `graceMs` (default 10,000), hands back the rest. Twice is harmless.
   */
  close(options?: { readonly graceMs?: number }): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** People answer within it, mostly; what waits longer need not lie in memory. */
const AWAY_MS = 3_600_000

/**
 * Starts a worker in this process, beside whatever else it does. It listens to no signals and handles no stray errors: those
 * are the host's (the command `agentloom worker` does both).
 * @throws {RedisUrlError} `config/redis-url` · {RedisUnreachableError} `redis/unreachable`, within 5 s · {RedisConnectError} `redis/…`
 * @throws {ShardCountError} `config/shards`
 * @throws {SpoolError} `spool/io`, `spool/full`
 * @throws {StepConfigError} `function/twice` · {ToolDefinitionError} · {ProviderSettingError}
 */
export async function startWorker(options: StartWorkerOptions): Promise<RunningWorker> {
  const { environment = process.env, home = '.agentloom', concurrency, prefix, leaseMs, name } = options
  const log = options.logger ?? createLogger({ name: 'worker', secrets: secretsOf(environment) })
  const events = eventLog(log, systemClock.monotonic)
  const metrics = createMetrics(options.metricsKeysMax)
  const workDir = resolve(options.workDir ?? join(home, 'work'))
  const meter = createMeter(metrics, Date.now)
  await using opened = new AsyncDisposableStack()
  const executors: Executors = {
    models: options.models ?? opened.use(await gatewayFrom(environment, { ...options, observe: meter.call })),
    tools: meteredTools(
      withRunFolder(createToolBox({ tools: options.tools ?? [], floor: options.floor ?? closedFloor() })),
      metrics,
      systemClock.monotonic,
    ),
    webhooks: createWebhooks({ floor: options.floor ?? closedFloor() }),
    functions: functionsOf([...(options.functions ?? [])].map(scoped)),
    clock: systemClock,
    random: Math.random,
    observe: (event) => {
      events.engine(event)
      meter.engine(event)
    },
    runFolder: runFolders(workDir),
  }
  const { spool: spoolOrder = 'parallel' } = options
  const spool =
    spoolOrder === 'off' ? null : { spool: opened.use(await openSpool(resolve(home), options)), order: spoolOrder }
  const runtime = await startWorkerRuntime({
    redis: options.redis,
    executors,
    spool,
    workflows: byName(options.workflows ?? []),
    blobs: await openBlobPlace(options.blobs ?? 'redis', environment),
    ...(options.retentionMs !== undefined && { retentionMs: options.retentionMs }),
    ...(options.deathsMax !== undefined && { deathsMax: options.deathsMax }),
    onEvent: (event) => {
      events.worker(event)
      meter.worker(event)
    },
    ...(prefix !== undefined && { prefix }),
    backlogMax: options.backlogMax,
    memoryMark: options.memoryMark,
    durability: options.durability,
    ...(options.shards !== undefined && { shards: options.shards }),
    ...(options.onlyShards !== undefined && { onlyShards: options.onlyShards }),
    ...(concurrency !== undefined && { concurrency }),
    ...(options.queues !== undefined && { pools: options.queues }),
    ...(options.redact !== undefined && { redact: options.redact }),
    ...(leaseMs !== undefined && { leaseMs }),
    ...(name !== undefined && { worker: name }),
  })
  opened.use(runtime)
  opened.use(
    await startCompactor({
      redis: options.redis,
      prefix: prefix ?? 'al',
      folder: resolve(home, 'checkpoints'),
      workDir,
      blobs: options.blobs ?? 'redis',
      retentionMs: options.checkpointRetentionMs ?? null,
      awayMs: options.awayMs === undefined ? AWAY_MS : options.awayMs,
      holder: runtime.worker,
      log,
      environment,
    }),
  )
  const rest = opened.move()
  const close = async (drain?: { readonly graceMs?: number }): Promise<void> => {
    await runtime.close(drain)
    await rest.disposeAsync()
  }
  return {
    name: runtime.worker,
    isReady: () => runtime.isReady(),
    get isSpooling() {
      return runtime.isSpooling
    },
    get held() {
      return runtime.held
    },
    metrics: () => scrape(metrics, runtime),
    close,
    [Symbol.asyncDispose]: () => close(),
  }
}

/** A file of this process's own: what those leave that die, the next to start here takes over. */
function openSpool(home: string, { redis, prefix = 'al' }: StartWorkerOptions): Promise<WorkerSpool> {
  const worker = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`
  return WorkerSpool.open({ folder: spoolFolder(home, { redis, prefix }), worker })
}

async function gatewayFrom(
  environment: Environment,
  {
    prices,
    candidateCacheMax,
    observe,
  }: Pick<StartWorkerOptions, 'prices' | 'candidateCacheMax'> & { observe: CallObserver },
): Promise<Gateway> {
  const gateway = createGateway({
    observe,
    ...(prices !== undefined && { prices }),
    ...(candidateCacheMax !== undefined && { candidateCacheMax }),
  })
  for (const { provider, registration } of providersFromEnvironment(environment))
    gateway.register(provider, registration)
  const ollama = await detectOllama(environment)
  if (ollama !== null) gateway.register(ollama.provider, ollama.registration)
  return gateway
}

function byName(plans: Iterable<Plan>): ReadonlyMap<string, Plan> {
  return new Map([...plans].map((plan) => [plan.name, plan]))
}
