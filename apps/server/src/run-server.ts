import { openBlobPlace } from '@agentloom/bullmq/client'
import { createLogger, secretsOf } from '@agentloom/telemetry'
import { type Environment, exitCodeOf, exitSoon, listenForStop, loadWorkflowFolder } from '@agentloom/worker/program'
import { type ServerFlags, serverSettings } from './settings/server-settings.ts'
import { startServer } from './start-server.ts'

/**
 * The program behind `agentloom server`: serves until a signal asks it to stop, then answers what is in hand.
 * @returns the exit code, when everything is closed: 143, 130, 129 after SIGTERM, SIGINT, SIGHUP. The process ends within a
 * second of it. A second signal ends it at once.
 * @throws {AgentloomError} what keeps it from starting: `config/…`, `server/…`, `workflow/…`, `file/…`, `redis/…`
 */
export async function runServer(flags: ServerFlags, environment: Environment = process.env): Promise<number> {
  const settings = serverSettings(flags, environment)
  const secrets = [...secretsOf(environment), ...(settings.apiKey === null ? [] : [settings.apiKey])]
  const logger = createLogger({ name: 'server', level: settings.logLevel, format: settings.logFormat, secrets })
  using stop = listenForStop()
  const folder = settings.workflows === null ? null : await loadWorkflowFolder(settings.workflows)
  for (const { code, message, file, line } of folder?.warnings ?? []) logger.warn({ code, file, line }, message)
  const { redis, prefix, shards, starts, host, port, apiKey, redact, graceMs, blobs, retentionMs } = settings
  const server = await startServer({
    redis,
    prefix,
    ...starts,
    ...(shards !== null && { shards }),
    host,
    port,
    apiKey,
    workflows: folder?.plans.values() ?? [],
    redact,
    blobs: await openBlobPlace(blobs, environment),
    ...(retentionMs !== null && { retentionMs }),
    logger,
  })
  logger.info(
    {
      url: server.url,
      queues: `${server.url}/queues`,
      workflows: [...(folder?.plans.keys() ?? [])],
      key: apiKey !== null,
    },
    'serving',
  )
  const signal = await stop.requested
  logger.info({ reason: signal, graceMs }, 'closing')
  await server.close({ graceMs })
  logger.info('stopped')
  const code = exitCodeOf(signal)
  exitSoon(code)
  return code
}
