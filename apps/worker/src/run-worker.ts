import { createLogger, type Logger, secretsOf } from '@agentloom/telemetry'
import { systemClock } from '@agentloom/engine'
import { closedFloor } from '@agentloom/tools'
import { loadHandlers } from './functions/load-handlers.ts'
import { type Health, type HealthServer, startHealthServer } from './health/health-server.ts'
import { eventLog } from './log/log-events.ts'
import { readJsonFile } from './settings/read-json-file.ts'
import { readFloor } from './settings/read-floor.ts'
import type { Environment } from './settings/settings.ts'
import { type WorkerFlags, workerSettings, type WorkerSettings } from './settings/worker-settings.ts'
import { exitCodeOf, exitSoon, listenForStop, type StopSignal } from './signals/stop-signals.ts'
import { type RunningWorker, startWorker } from './start-worker.ts'
import { catchStrayErrors } from './stray/stray-errors.ts'
import { loadWorkflowFolder } from './workflows/load-folder.ts'

/** Exit code after AGENTLOOM_STRAY_ERRORS=drain has drained. */
const STRAY_EXIT_CODE = 1

/**
 * The program behind `agentloom worker`: owns this process's signals and stray errors, and drains when asked to stop.
 * @returns the exit code, when everything is closed: 143, 130, 129 after SIGTERM, SIGINT, SIGHUP; 1 after a stray error under
 * `AGENTLOOM_STRAY_ERRORS=drain`. The process ends within a second of it. A second signal ends it at once, with the same codes.
 * @throws {AgentloomError} what keeps it from starting: `config/…`, `function/…`, `workflow/…`, `file/…`, `redis/…`, `server/port-in-use`
 */
export async function runWorker(flags: WorkerFlags, environment: Environment = process.env): Promise<number> {
  const settings = workerSettings(flags, environment)
  const log = createLogger({
    name: 'worker',
    level: settings.logLevel,
    format: settings.logFormat,
    secrets: secretsOf(environment),
  })
  const events = eventLog(log, systemClock.monotonic)
  const { promise: stray, resolve: strayed } = Promise.withResolvers<'stray'>()
  using stop = listenForStop()
  using _strays = catchStrayErrors((error) => {
    events.stray(error)
    if (settings.strayErrors === 'drain') strayed('stray')
  })
  const standing: Standing = { worker: null, isDraining: false }
  await using health =
    settings.health === null
      ? null
      : await startHealthServer(
          settings.health,
          () => healthOf(standing),
          async () => (await standing.worker?.metrics()) ?? null,
        )
  standing.worker = await start(settings, environment, log)
  tellReady(log, standing.worker, health)
  const reason = await Promise.race([stop.requested, stray])
  standing.isDraining = true
  log.info({ reason, held: standing.worker.held, graceMs: settings.graceMs }, 'draining')
  await standing.worker.close({ graceMs: settings.graceMs })
  log.info({ worker: standing.worker.name }, 'stopped')
  return ended(reason)
}

interface Standing {
  worker: RunningWorker | null
  isDraining: boolean
}

function healthOf({ worker, isDraining }: Standing): Health {
  const held = worker?.held ?? 0
  if (worker === null) return { state: 'starting', worker: null, held }
  return { state: isDraining ? 'draining' : readinessOf(worker), worker: worker.name, held }
}

function readinessOf(worker: RunningWorker): Health['state'] {
  if (worker.isReady()) return 'ready'
  return worker.isSpooling ? 'no-redis' : 'no-spool'
}

async function start(settings: WorkerSettings, environment: Environment, logger: Logger): Promise<RunningWorker> {
  const [{ functions, tools }, folder, floor, prices] = await Promise.all([
    loadHandlers(settings.functions),
    settings.workflows === null ? null : loadWorkflowFolder(settings.workflows),
    settings.floorFile === null ? closedFloor() : readFloor(settings.floorFile),
    settings.pricingFile === null ? undefined : readJsonFile(settings.pricingFile, 'config/pricing-file'),
  ])
  for (const { code, message, file, line } of folder?.warnings ?? []) logger.warn({ code, file, line }, message)
  const worker = await startWorker({
    redis: settings.redis,
    prefix: settings.prefix,
    ...settings.starts,
    ...(settings.shards !== null && { shards: settings.shards }),
    ...(settings.onlyShards !== null && { onlyShards: settings.onlyShards }),
    functions,
    tools,
    workflows: folder?.plans.values() ?? [],
    floor,
    environment,
    prices,
    ...(settings.candidateCacheMax !== null && { candidateCacheMax: settings.candidateCacheMax }),
    concurrency: settings.concurrency,
    queues: settings.queues,
    home: settings.home,
    spool: settings.spool,
    blobs: settings.blobs,
    ...(settings.deathsMax !== null && { deathsMax: settings.deathsMax }),
    ...(settings.awayMs !== undefined && { awayMs: settings.awayMs }),
    ...(settings.retentionMs !== null && { retentionMs: settings.retentionMs }),
    ...(settings.checkpointRetentionMs !== null && { checkpointRetentionMs: settings.checkpointRetentionMs }),
    workDir: settings.workDir,
    redact: settings.redact,
    ...(settings.metricsKeysMax !== null && { metricsKeysMax: settings.metricsKeysMax }),
    logger,
    ...(settings.name !== null && { name: settings.name }),
  })
  const named = { functions: namesOf(functions), tools: namesOf(tools), workflows: [...(folder?.plans.keys() ?? [])] }
  logger.info(
    { worker: worker.name, concurrency: settings.concurrency, queues: settings.queues, ...named },
    'taking steps',
  )
  return worker
}

function namesOf(definitions: readonly { readonly name: string }[]): readonly string[] {
  return definitions.map(({ name }) => name)
}

function tellReady(log: Logger, worker: RunningWorker, health: HealthServer | null): void {
  if (health === null) return
  const { host, port } = health.address
  log.info({ worker: worker.name, health: `http://${host}:${port}/readyz` }, 'health')
}

function ended(reason: StopSignal | 'stray'): number {
  const code = reason === 'stray' ? STRAY_EXIT_CODE : exitCodeOf(reason)
  exitSoon(code)
  return code
}
