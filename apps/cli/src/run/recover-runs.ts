import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { countText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'
import { problemText } from '../terminal/problem.ts'
import type { Ending } from './ending.ts'
import { embeddedPlace, placeOf } from './place.ts'

export interface RecoverRunsOptions {
  readonly from?: readonly string[]
  readonly dryRun?: true
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

export async function recoverFromSpools(options: RecoverRunsOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  if (place.kind !== 'redis') throw new UsageError('Name the Redis: with --redis, or AGENTLOOM_REDIS_URL.')
  for (const folder of options.from ?? [])
    if (!existsSync(resolve(io.cwd(), folder)))
      throw new UsageError(`Invalid value for '--from': Path '${printable(folder)}' does not exist.`)
  const { openBlobPlace, recoverRuns } = await import('@agentloom/bullmq/client')
  const { readSpools, spoolFolder } = await import('@agentloom/embedded')
  const { openCheckpoints } = await import('./recovery-checkpoints.ts')
  const { url: redis, prefix, shards, retentionMs } = place
  const { home } = embeddedPlace(settings, io)
  const given = options.from?.map((folder) => resolve(io.cwd(), folder))
  const folders = given ?? [spoolFolder(home, { redis, prefix })]
  await using checkpoints = await openCheckpoints([...new Set([home, ...(given ?? [])])])
  const found = folders.map(readSpools)
  const spools = found.flatMap((one) => one.spools)
  const unread = found.flatMap((one) => one.unread)
  const isOurs = (folder: string): boolean => basename(folder).startsWith(`${prefix}-`)
  const others =
    given !== undefined || spools.length + unread.length > 0
      ? []
      : readSpools(join(home, 'spool'))
          .spools.map(({ path }) => dirname(path))
          .filter(isOurs)
  const runs = await recoverRuns({
    redis,
    prefix,
    spools: spools.map(({ spool }) => spool),
    checkpoints: checkpoints.sources,
    isDry: options.dryRun === true,
    blobs: await openBlobPlace(place.blobs, place.env),
    ...(shards !== undefined && { shards }),
    ...(retentionMs !== undefined && { retentionMs }),
  })
  const told = runs.map((run) => ({
    run_id: run.runId,
    outcome: run.outcome,
    records: 'addedCount' in run ? run.addedCount : 0,
    lost: 'lost' in run ? run.lost : [],
    problem:
      run.outcome === 'failed' ? String(run.error) : run.outcome === 'no-definition' ? 'its definition is gone' : null,
  }))
  const isWhole =
    told.every(({ lost, problem }) => lost.length === 0 && problem === null) &&
    unread.length === 0 &&
    others.length === 0
  for (const error of unread) io.stderr.line(problemText(error, io.stderr))
  if (others.length > 0) io.stderr.line(elsewhere(others))
  if (options.json === true) io.stdout.write(jsonText(told))
  else {
    for (const { run_id: id, records, lost, problem } of told) {
      if (problem !== null) io.stdout.line(`✗ ${id} · ${printable(problem)}`)
      else if (records > 0)
        io.stdout.line(`✓ ${id} · ${countText(records, 'record')} ${options.dryRun === true ? 'missing' : 'put back'}`)
      if (lost.length > 0)
        io.stdout.line(`! ${id} · results lost, these steps run again: ${printable(lost.join(', '))}`)
    }
    const changed = told.filter(({ records }) => records > 0).length
    io.stdout.line(
      `${countText(spools.length, 'spool')}, ${countText(checkpoints.sources.length, 'store')} of checkpoints, ${countText(told.length, 'run')}, ${changed} lacked something`,
    )
  }
  return { code: isWhole ? 0 : 1 }
}

/** The name of a folder of spools is made of the URL as the workers had it. */
function elsewhere(folders: readonly string[]): string {
  const all = [...new Set(folders)].map((folder) => `--from ${printable(folder)}`)
  return `no spool lies here for this Redis as it is written; there are others, perhaps under another spelling of its URL: ${all.join(' ')}`
}
