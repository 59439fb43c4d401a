import { expect, test } from 'vitest'
import { fateOf, mayBeIdle, type Standing } from './spool-fate.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const run = { runId: 'run', touchedAtMs: 0, leavingAtMs: null }
const over: Standing = { status: 'success', updatedAtMs: 0, isSaved: true }

test.for([
  ['at work', { ...over, status: 'running' }, 30 * DAY],
  ['at rest', { ...over, status: 'paused' }, 30 * DAY],
  ['over since a moment', over, 5 * MINUTE - 1],
  ['over, and in no checkpoint', { ...over, isSaved: false }, DAY - 1],
] as const)('a run %s stays', ([, standing, nowMs]) => {
  expect(fateOf(run, standing, nowMs)).toBe('stays')
  expect(fateOf({ ...run, leavingAtMs: 0 }, standing, nowMs)).toBe('stays')
})

test.for([
  ['over and saved', over, 5 * MINUTE],
  ['over for a day, and in no checkpoint', { ...over, isSaved: false }, DAY],
  ['gone', null, 0],
] as const)('a run %s leaves first, and goes five minutes later', ([, standing, nowMs]) => {
  expect(fateOf(run, standing, nowMs)).toBe('leaves')
  const leaving = { ...run, leavingAtMs: nowMs }
  expect(fateOf(leaving, standing, nowMs + 5 * MINUTE - 1)).toBe('leaves')
  expect(fateOf(leaving, standing, nowMs + 5 * MINUTE)).toBe('goes')
})

test('a run that was touched by a clock that was wrong is asked for', () => {
  const now = 100 * DAY
  const at = (touchedAtMs: number) => mayBeIdle({ ...run, touchedAtMs }, now)
  expect([now, now - MINUTE, now + MINUTE].map(at)).toEqual([false, false, false])
  expect([now - 6 * MINUTE, now + 60 * MINUTE, now - 60 * MINUTE].map(at)).toEqual([true, true, true])
})
