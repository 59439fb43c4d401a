import { randomUUID } from 'node:crypto'
import {
  isSameRun,
  restoreRun,
  type EraseReply,
  type RestoredRun,
  type RestoreReply,
  type RestoreRun,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { redisError } from '../connect/redis-error.ts'
import type { StagedKeys } from '../keys.ts'
import { load } from './read.ts'
import { intIn } from './reply.ts'
import { imageOf, type RunImage } from './run-image.ts'
import { poolsText, shareText } from './start.ts'
import type { Store } from './store.ts'

/**
 * A run is put in place in one piece, however long it is: it is written under temporary keys, in pieces that hold Redis for
 * less than a millisecond each, and the script that looks at the fence only gives them their names.
 */
const PIECE_VALUES = 500
const PIECE_CHARACTERS = 256 * 1_024
/** What a process that died in between has left goes by itself. */
const STAGED_MS = 60_000
/** A piece that was sent again because its reply was lost may count twice; then all of it is written anew. */
const ATTEMPTS_MAX = 3

const EPOCH = /^[^|]*\|(\d+)\|/

export async function restore(store: Store, command: RestoreRun, plan: Plan): Promise<RestoreReply> {
  const { runId } = command.start
  const recordCount = await countOf(store, runId)
  if (recordCount !== command.replaces) return refused(store, command, plan, recordCount)
  const restored = restoreRun(plan, command, await epochsOf(store, runId, recordCount))
  for (let attempt = 1; ; attempt += 1) {
    const reply = await place(store, command, restored)
    if (reply[0] === 0) return refused(store, command, plan, reply[1] === undefined ? null : intIn(reply[1]))
    if (reply[0] === 1) {
      const { run, offers, undecided } = restored
      return { outcome: 'restored', status: run.status, offers, undecided }
    }
    if (attempt === ATTEMPTS_MAX) throw new Error(`run ${runId} could not be written whole`)
  }
}

export async function erase(store: Store, runId: string, recordCount: number): Promise<EraseReply> {
  const reply = await store.turn.send('erase', store.keys.run(runId), [runId, recordCount])
  return reply[0] === 1 ? { isDone: true, recordCount: null } : { isDone: false, recordCount: intIn(reply[1]) }
}

/** What is there may be what this very command has made: its reply was lost. */
async function refused(
  store: Store,
  command: RestoreRun,
  plan: Plan,
  recordCount: number | null,
): Promise<RestoreReply> {
  const isOfItsLength = recordCount === command.records.length && recordCount !== command.replaces
  const found = isOfItsLength ? await load(store, command.start.runId, 0) : null
  if (found === null || !isSameRun({ start: found.header, records: found.records }, command))
    return { outcome: 'refused', recordCount }
  return restore(store, { ...command, replaces: recordCount }, plan)
}

async function countOf({ redis, keys }: Store, runId: string): Promise<number | null> {
  const [run, , , log] = keys.run(runId)
  try {
    return (await redis.exists(run)) === 1 ? await redis.llen(log) : null
  } catch (error) {
    throw redisError(error)
  }
}

/** Of the steps of the run that is to be replaced. */
async function epochsOf(
  { redis, keys }: Store,
  runId: string,
  recordCount: number | null,
): Promise<(stepId: string) => number> {
  if (recordCount === null) return () => 0
  try {
    const steps = await redis.hgetall(keys.run(runId)[1])
    return (stepId) => Number(EPOCH.exec(steps[stepId] ?? '')?.[1] ?? 0)
  } catch (error) {
    throw redisError(error)
  }
}

async function place(
  store: Store,
  { start, replaces }: RestoreRun,
  { run, due }: RestoredRun,
): Promise<readonly unknown[]> {
  const { runId, definition, definitionText } = start
  const image = imageOf(run)
  const staged = store.keys.staged(runId, randomUUID())
  await stage(store, staged, image)
  const { fields, steps, out, log, queue } = image
  const args: (string | number)[] = [runId, replaces ?? '', definition, definitionText, ...staged]
  args.push(steps.length / 2, out.length / 2, log.length, fields.length / 2, due.length, queue.length / 2)
  args.push(poolsText(start.pools), start.concurrency?.key ?? '', shareText(start.concurrency), ...fields)
  for (const { stepId, at } of due) args.push(stepId ?? '', at.kind, at.kind === 'offer' ? 0 : at.ms)
  for (const value of queue) args.push(value)
  const reply = await store.beginning.send('restore', store.keys.run(runId), args)
  if (reply[0] !== 1) await remove(store, staged)
  return reply
}

async function stage(store: Store, [stepsKey, outKey, logKey]: StagedKeys, image: RunImage): Promise<void> {
  for (const piece of piecesOf(image.steps)) await write(store, 'hset', stepsKey, piece)
  for (const piece of piecesOf(image.out)) await write(store, 'hset', outKey, piece)
  for (const piece of piecesOf(image.log)) await write(store, 'rpush', logKey, piece)
}

async function write(
  { redis }: Store,
  command: 'hset' | 'rpush',
  key: string,
  values: readonly (string | number)[],
): Promise<void> {
  try {
    const results = await redis
      .multi()
      [command](key, ...values)
      .pexpire(key, STAGED_MS)
      .exec()
    for (const [error] of results ?? []) if (error !== null) throw error
  } catch (error) {
    throw redisError(error)
  }
}

async function remove({ redis }: Store, staged: StagedKeys): Promise<void> {
  try {
    await redis.unlink(...staged)
  } catch (error) {
    throw redisError(error)
  }
}

/** In pairs, so that a name and its value stay together. */
function* piecesOf(values: readonly (string | number)[]): Generator<readonly (string | number)[]> {
  let piece: (string | number)[] = []
  let characters = 0
  for (const [at, value] of values.entries()) {
    piece.push(value)
    characters += String(value).length
    if (at % 2 === 0 || (piece.length < PIECE_VALUES && characters < PIECE_CHARACTERS)) continue
    yield piece
    piece = []
    characters = 0
  }
  if (piece.length > 0) yield piece
}
