// Who may import whom, types and values alike. What is not in a row is a wrong turn. The reasons stand in
// docs/architecture.md; a new row or entry needs one there.

/** What a room may take of another: the front doors by their subpath, and whether types only. */
export interface Door {
  readonly room: string
  readonly entries: readonly string[]
  readonly typesOnly?: true
}

const workflow: Door = { room: 'workflow', entries: ['.'] }
const engine: Door = { room: 'engine', entries: ['.', './ports'] }
const enginePorts: Door = { room: 'engine', entries: ['./ports'], typesOnly: true }

/** The rooms in packages/, and what the code of each may import besides itself. */
export const PACKAGES: ReadonlyMap<string, readonly Door[]> = new Map([
  ['workflow', []],
  ['telemetry', []],
  ['engine', [workflow]],
  ['gateway', [workflow, enginePorts]],
  ['tools', [workflow, enginePorts]],
  ['bullmq', [workflow, engine, { room: 'gateway', entries: ['./ports'], typesOnly: true }]],
  ['embedded', [workflow, engine]],
  ['producer', [workflow, { room: 'bullmq', entries: ['./client'] }]],
  [
    'testing',
    [
      workflow,
      { room: 'engine', entries: ['.', './ports', './testing'] },
      { room: 'gateway', entries: ['.', './testing'] },
    ],
  ],
])

/** Rooms that `testing` is built on. Their tests use their own `./testing`; the other way round is a cycle. */
export const BELOW_TESTING = ['workflow', 'engine', 'gateway', 'testing']

/** Client libraries that one room owns, and the folders that may use them too: they look at Redis from outside. */
export const CLIENTS: ReadonlyMap<string, readonly string[]> = new Map([
  ['bullmq', ['packages/bullmq', 'tests', 'bench']],
  ['ioredis', ['packages/bullmq', 'tests', 'bench']],
])

/** Folders of pure code: no `node:` module but this one, for hashes. */
export const PURE = [
  'packages/workflow/src',
  'packages/engine/src/schedule',
  'packages/engine/src/fold',
  'packages/engine/src/journal',
]
export const PURE_MAY_USE = 'node:crypto'

/** Behind an entry of its own (`@agentloom/workflow/node`), so that the pure room stays so for whoever imports it: three apps read workflow files the same way. */
export const SHELLS_IN_PURE = ['packages/workflow/src/file']
