import { expect, test } from 'vitest'
import type { Standing } from '../standing.ts'
import type { WorkerEntry } from '../worker/registry.ts'
import { examine, type RedisFacts, type ServerFacts } from './examine.ts'

const GIB = 1024 ** 3

const server: ServerFacts = {
  address: 'h:6379',
  version: '7.4.1',
  usedBytes: GIB,
  maxBytes: 8 * GIB,
  machineBytes: 64 * GIB,
  policy: 'noeviction',
  hasAof: true,
  fsync: 'everysec',
  lastAofWrite: 'ok',
  lastSave: 'ok',
  clockAheadMs: 3,
  clockErrorMs: 5,
}

const jobs = { waiting: 0, active: 1, delayed: 0, prioritized: 0, completed: 5, failed: 0 }
const queue = { name: 'agentloom-steps', isPaused: false, jobs, oldestMs: 0 }
const runs: Standing['runs'] = {
  queued: 0,
  running: 3,
  paused: 1,
  parked: 0,
  success: 9,
  failed: 0,
  timeout: 0,
  budget_exceeded: 0,
  cancelled: 0,
}

const worker: WorkerEntry = {
  worker: 'w1',
  instance: 'abc',
  host: 'h',
  pid: 1,
  space: null,
  started: null,
  version: '1.0.0',
  startedAtMs: 0,
  beatAtMs: 0,
  pools: ['default'],
  shards: [0],
  handlers: [],
  concurrency: 64,
  held: 1,
  isSilent: false,
}

const healthy: RedisFacts = {
  servers: [server],
  standing: { queues: [queue], runs, overdue: 2 },
  workers: [worker],
  version: '1.0.0',
  orphans: [],
  poolOf: (name) => (name === 'agentloom-steps' ? 'default' : 'gpu'),
}

const ofServer = (more: Partial<ServerFacts>): RedisFacts => ({ ...healthy, servers: [{ ...server, ...more }] })
const ofQueue = (more: Partial<typeof queue>): RedisFacts => ({
  ...healthy,
  standing: { ...healthy.standing, queues: [{ ...queue, ...more }] },
})
const waiting = { ...jobs, waiting: 7 }

test('a healthy place has no finding that asks for anything', () => {
  const findings = examine(healthy)
  expect(findings.filter(({ level }) => level !== 'ok')).toEqual([])
  expect(findings.length).toBeGreaterThan(8)
})

test.each<[string, RedisFacts, string, string, RegExp]>([
  ['no append-only file', ofServer({ hasAof: false }), 'redis-persistence', 'problem', /back to its last snapshot/],
  ['fsync left to the system', ofServer({ fsync: 'no' }), 'redis-persistence', 'warning', /half a minute/],
  ['a file that could not be written', ofServer({ lastAofWrite: 'err' }), 'redis-disk', 'problem', /append-only file/],
  ['a snapshot that could not be written', ofServer({ lastSave: 'err' }), 'redis-disk', 'problem', /snapshot/],
  ['eviction', ofServer({ policy: 'allkeys-lru' }), 'redis-eviction', 'problem', /throws runs away/],
  ['memory that goes short', ofServer({ usedBytes: 6.5 * GIB }), 'redis-memory', 'warning', /81 % of its maxmemory/],
  ['memory that is gone', ofServer({ usedBytes: 7.9 * GIB }), 'redis-memory', 'problem', /99 %/],
  ["the machine's memory", ofServer({ maxBytes: 0, usedBytes: 60 * GIB }), 'redis-memory', 'problem', /its machine's/],
  ['an old version', ofServer({ version: '7.0.15' }), 'redis-version', 'warning', /needs 7\.2/],
  ['a clock ahead', ofServer({ clockAheadMs: 3_600_000 }), 'redis-clock', 'warning', /3600 s ahead of/],
  ['a clock behind', ofServer({ clockAheadMs: -5_000 }), 'redis-clock', 'warning', /5 s behind/],
  ['no worker', { ...healthy, workers: [] }, 'workers-alive', 'problem', /no worker is alive, and 3 runs wait/],
  [
    'a silent worker',
    { ...healthy, workers: [worker, { ...worker, worker: 'w2', isSilent: true }] },
    'workers-silent',
    'warning',
    /w2/,
  ],
  ['another version', { ...healthy, version: '1.1.0' }, 'workers-versions', 'warning', /1\.1\.0 here, and 1\.0\.0/],
  ['a paused queue', ofQueue({ isPaused: true, jobs: waiting }), 'queues-paused', 'warning', /7 jobs wait/],
  ['a pool without a worker', ofQueue({ name: 'gpu', jobs: waiting }), 'queues-unserved', 'problem', /the pool gpu/],
  ['a long wait', ofQueue({ jobs: waiting, oldestMs: 90_000 }), 'queues-lag', 'warning', /waited 90 s/],
  [
    'nobody sweeps',
    { ...healthy, standing: { ...healthy.standing, overdue: 6_000 } },
    'queues-overdue',
    'warning',
    /6000/,
  ],
  [
    'orphans',
    { ...healthy, orphans: ['r1', 'r2', 'r3', 'r4', 'r5', 'r6'] },
    'keys-orphans',
    'warning',
    /r5 and 1 more/,
  ],
])('%s', (_, facts, check, level, message) => {
  const wrong = examine(facts).filter((finding) => finding.level !== 'ok')
  expect(wrong).toEqual([expect.objectContaining({ check, level, message: expect.stringMatching(message) })])
  expect(wrong[0]?.remedy).not.toBeNull()
})

test('a difference of clocks within the error of the question is none', () => {
  expect(examine(ofServer({ clockAheadMs: 4_000, clockErrorMs: 3_500 })).every(({ level }) => level === 'ok')).toBe(
    true,
  )
})

test('where nothing runs no worker is missing', () => {
  const idle = { ...healthy, workers: [], standing: { ...healthy.standing, runs: { ...runs, running: 0 } } }
  expect(examine(idle).every(({ level }) => level === 'ok')).toBe(true)
})
