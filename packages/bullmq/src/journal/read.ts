import {
  CorruptJournalError,
  type JournalRecord,
  type LoadedRun,
  type RunFilter,
  type RunHeader,
  type RunStatus,
  isWanted,
} from '@agentloom/engine'
import { redisError } from '../connect/redis-error.ts'
import { HEADER_FIELDS, readHeader, runStatus, STATUSES } from './header.ts'
import { readRecords, type StoredRecord } from './record-codec.ts'
import { listIn, oneOf, textIn } from './reply.ts'
import type { Store } from './store.ts'

/** Outputs and headers asked for in one command. */
const BATCH = 500
/** A reply with more would hold Redis for longer than others should wait; outputs are small mostly, and 10 MiB at most. */
const OUTPUTS_AT_ONCE_MAX = 50
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

export async function status(store: Store, runId: string): Promise<RunStatus | null> {
  const [run] = store.keys.run(runId)
  const text = await ask(store.redis.hget(run, 'status'))
  return text === null ? null : oneOf(STATUSES, text)
}

/** Header and records of one moment. Outputs never change, so that those of many steps may come after. */
export async function load(store: Store, runId: string, from: number): Promise<LoadedRun | null> {
  const [run, , out, log] = store.keys.run(runId)
  const args = [from, OUTPUTS_AT_ONCE_MAX, ...HEADER_FIELDS]
  const [fields, last, texts, few] = listIn(await store.scripts.call({ name: 'load', keys: [run, log, out], args }))
  const found = readHeader(runId, listIn(fields), last)
  if (found === null) return null
  const stored = readRecords(runId, from, listIn(texts).map(textIn))
  const outputs = few === null ? await outputsOf(store, out, stored) : pairsIn(listIn(few))
  const records = stored.map((record): JournalRecord => {
    if (record.kind !== 'committed') return record
    const output = record.output ?? outputs.get(record.stepId)
    if (output === undefined) throw new CorruptJournalError(runId, `the output of step ${record.stepId} is gone`)
    return { ...record, output }
  })
  return { header: found, records }
}

function pairsIn(flat: readonly unknown[]): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>()
  for (let at = 0; at < flat.length; at += 2) pairs.set(textIn(flat[at]), textIn(flat[at + 1]))
  return pairs
}

async function outputsOf(
  store: Store,
  out: string,
  stored: readonly StoredRecord[],
): Promise<ReadonlyMap<string, string>> {
  const stepIds = stored.flatMap((record) => (record.kind === 'committed' ? [record.stepId] : []))
  const outputs = new Map<string, string>()
  for (let at = 0; at < stepIds.length; at += BATCH) {
    const batch = stepIds.slice(at, at + BATCH)
    const texts = await ask(store.redis.hmget(out, ...batch))
    for (const [index, stepId] of batch.entries()) {
      const text = texts[index]
      if (text != null) outputs.set(stepId, text)
    }
  }
  return outputs
}

export async function definition(store: Store, hash: string): Promise<string | null> {
  return ask(store.redis.hget(store.keys.definition(hash), 'text'))
}

/** Newest first. Entries of runs that have left Redis are removed on the way. */
export async function list(store: Store, filter: RunFilter): Promise<readonly RunHeader[]> {
  const limit = Math.min(filter.limit, LIST_MAX)
  const found: RunHeader[] = []
  for (const status of new Set(filter.statuses ?? runStatus.options)) {
    found.push(...(await listIndex(store, store.keys.index(status), status, { ...filter, limit })))
    if (filter.withChildren === true)
      found.push(...(await listIndex(store, store.keys.childIndex(status), status, { ...filter, limit })))
  }
  return found.toSorted((a, b) => b.createdAtMs - a.createdAtMs).slice(0, limit)
}

async function listIndex(
  store: Store,
  index: string,
  status: RunStatus,
  filter: RunFilter,
): Promise<readonly RunHeader[]> {
  const { limit, sinceMs = '-inf' } = filter
  const found: RunHeader[] = []
  const gone: string[] = []
  for (let at = 0; found.length < limit; at += BATCH) {
    const runIds = await ask(store.redis.zrevrangebyscore(index, '+inf', sinceMs, 'LIMIT', at, BATCH))
    const headers = await Promise.all(runIds.map((runId) => header(store, runId)))
    for (const [place, run] of headers.entries()) {
      if (run === null) gone.push(runIds[place] ?? '')
      else if (isWanted({ ...filter, statuses: [status], withChildren: true }, run)) found.push(run)
    }
    if (runIds.length < BATCH) break
  }
  if (gone.length > 0) await ask(store.redis.zrem(index, ...gone))
  return found.slice(0, limit)
}

async function ask<Reply>(reply: Promise<Reply>): Promise<Reply> {
  try {
    return await reply
  } catch (error) {
    throw redisError(error)
  }
}
