import {
  CorruptJournalError,
  type JournalRecord,
  type LoadedRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
} from '@agentloom/engine'
import { redisError } from '../connect/redis-error.ts'
import { HEADER_FIELDS, readHeader, runStatus } from './header.ts'
import { readRecords, type StoredRecord } from './record-codec.ts'
import { listIn, textIn } from './reply.ts'
import type { Store } from './store.ts'

/** Outputs and headers asked for in one command. */
const BATCH = 500
export const LIST_MAX = 10_000

export async function header(store: Store, runId: string): Promise<RunHeader | null> {
  const [run, , , log] = store.keys.run(runId)
  // One moment is not needed: a record in between makes the time newer than the status, by a moment.
  const [fields, last] = await Promise.all([
    ask(store.redis.hmget(run, ...HEADER_FIELDS)),
    ask(store.redis.lindex(log, -1)),
  ])
  return readHeader(runId, fields, last)
}

/** Header and records of one moment; outputs, which never change, come after. */
export async function load(store: Store, runId: string, from: number): Promise<LoadedRun | null> {
  const [run, , , log] = store.keys.run(runId)
  const replies = await ask(
    store.redis
      .multi()
      .hmget(run, ...HEADER_FIELDS)
      .lindex(log, -1)
      .lrange(log, from, -1)
      .exec(),
  )
  const [fields, last, texts] = listIn(replies).map(valueIn)
  const found = readHeader(runId, listIn(fields), last)
  if (found === null) return null
  const records = readRecords(runId, from, listIn(texts).map(textIn))
  return { header: found, records: await withOutputs(store, runId, records) }
}

async function withOutputs(
  store: Store,
  runId: string,
  stored: readonly StoredRecord[],
): Promise<readonly JournalRecord[]> {
  const [, , out] = store.keys.run(runId)
  const stepIds = stored.flatMap((record) => (record.kind === 'committed' ? [record.stepId] : []))
  const outputs = new Map<string, string | null>()
  for (let at = 0; at < stepIds.length; at += BATCH) {
    const batch = stepIds.slice(at, at + BATCH)
    const texts = await ask(store.redis.hmget(out, ...batch))
    for (const [index, stepId] of batch.entries()) outputs.set(stepId, texts[index] ?? null)
  }
  return stored.map((record) => {
    if (record.kind !== 'committed') return record
    const output = outputs.get(record.stepId) ?? null
    if (output === null) throw new CorruptJournalError(runId, `the output of step ${record.stepId} is gone`)
    return { ...record, output }
  })
}

export async function definition(store: Store, hash: string): Promise<string | null> {
  return ask(store.redis.hget(store.keys.definition(hash), 'text'))
}

/** Newest first. Entries of runs that have left Redis are removed on the way. */
export async function list(store: Store, filter: RunFilter): Promise<readonly RunHeader[]> {
  const limit = Math.min(filter.limit, LIST_MAX)
  const found: RunHeader[] = []
  const statuses = filter.status === undefined ? runStatus.options : [filter.status]
  for (const status of statuses) found.push(...(await listStatus(store, status, { ...filter, limit })))
  return found.toSorted((a, b) => b.createdAtMs - a.createdAtMs).slice(0, limit)
}

async function listStatus(
  store: Store,
  status: RunStatus,
  { workflow, limit }: RunFilter,
): Promise<readonly RunHeader[]> {
  const found: RunHeader[] = []
  const gone: string[] = []
  for (let at = 0; found.length < limit; at += BATCH) {
    const runIds = await ask(store.redis.zrevrange(store.keys.index(status), at, at + BATCH - 1))
    const headers = await Promise.all(runIds.map((runId) => header(store, runId)))
    for (const [index, run] of headers.entries()) {
      if (run === null) gone.push(runIds[index] ?? '')
      else if ((workflow ?? run.workflow) === run.workflow && run.status === status) found.push(run)
    }
    if (runIds.length < BATCH) break
  }
  if (gone.length > 0) await ask(store.redis.zrem(store.keys.index(status), ...gone))
  return found.slice(0, limit)
}

/** A reply within MULTI: an error, or null and the value. */
function valueIn(reply: unknown): unknown {
  const [error, value] = listIn(reply)
  if (error !== null) throw redisError(error)
  return value
}

async function ask<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply
  } catch (error) {
    throw redisError(error)
  }
}
