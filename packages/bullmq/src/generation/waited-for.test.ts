import { expect, test } from 'vitest'
import type { WorkerEntry } from '../worker/registry.ts'
import { areAllAt, type Gathering, type StageNote } from './waited-for.ts'

const SINCE_MS = 1_000_000

function entry(instance: string, beatAtMs: number, worker = instance): WorkerEntry {
  const mark = { pid: 1, space: null, started: null }
  const card = { ...mark, worker, host: 'h', version: '1', startedAtMs: 0, pools: [], shards: [0], handlers: [] }
  return { ...card, concurrency: 1, held: 0, instance, beatAtMs, isSilent: false }
}

function isMerged(
  elapsedMs: number,
  notes: Readonly<Record<string, StageNote>>,
  more: Partial<Gathering> = {},
): boolean {
  const nowMs = SINCE_MS + elapsedMs
  const gathering = {
    nowMs,
    sinceMs: SINCE_MS,
    notes: new Map(Object.entries(notes)),
    workers: [],
    before: [],
    ...more,
  }
  return areAllAt(['merged', 'done'], gathering)
}

const at = (stage: StageNote['stage'], elapsedMs: number): StageNote => ({ stage, atMs: SINCE_MS + elapsedMs })

test('nobody goes on before every worker that lives has had the time to notice', () => {
  expect(isMerged(1_499, { a: at('merged', 100) })).toBe(false)
  expect(isMerged(1_500, { a: at('merged', 100) })).toBe(true)
})

test('one that is at work is waited for as long as it says so, also one that is in no registry yet', () => {
  const a = at('merged', 100)
  expect(isMerged(5_000, { a, b: at('merging', 4_000) })).toBe(false)
  expect(isMerged(40_000, { a: at('done', 39_000), starting: at('merging', 39_000) })).toBe(false)
  expect(isMerged(40_000, { a: at('done', 39_000), dead: at('merging', 29_000) })).toBe(true)
})

test('one that lives and has said nothing is waited for some seconds', () => {
  const notes = { a: at('merged', 100) }
  expect(isMerged(9_000, notes, { workers: [entry('b', SINCE_MS)] })).toBe(false)
  expect(isMerged(10_001, notes, { workers: [entry('b', SINCE_MS)] })).toBe(true)
})

test('so is one that was there a moment before, unless it is back under its name', () => {
  const notes = { a: at('merged', 100), again: at('merged', 3_000) }
  const before = [entry('b', SINCE_MS - 2_000, 'b')]
  expect(isMerged(4_000, notes, { before })).toBe(false)
  expect(isMerged(4_000, notes, { before, workers: [entry('again', SINCE_MS + 3_000, 'b')] })).toBe(true)
  expect(isMerged(4_000, notes, { before: [entry('b', SINCE_MS - 11_000)] })).toBe(true)
})
