// The workflows of the load: one for each way in which steps hang together or wait.

export interface Template {
  readonly name: string
  readonly yaml: string
}

function work(id: string, more: string, after: readonly string[] = []): string {
  return `{id: ${id}, type: function, depends_on: [${after.join(', ')}], ${more}}`
}

function add(id: string, from: string, to: string, after: readonly string[] = []): string {
  return work(id, `handler: add, input: {n: ${from}, ms: state.ms}, output: ${to}`, after)
}

function yaml(name: string, steps: readonly string[], more = ''): Template {
  return {
    name,
    yaml: `name: ${name}\nstate: {n: 0, ms: 100}\n${more}steps:\n${steps.map((step) => `  - ${step}\n`).join('')}`,
  }
}

export const CHAIN_STEPS = 6
export const FAN_STEPS = 8
export const CAP = 2
export const ITEMS = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8]
export const STUMBLES = 2
export const SLEEP_MS = 700
export const LARGE_CHARACTERS = 100_000

const fanIds = Array.from({ length: FAN_STEPS }, (_, index) => `w${index}`)
const fanSteps = [
  add('root', 'state.n', 'n'),
  ...fanIds.map((id) => add(id, 'state.n', id, ['root'])),
  work(
    'join',
    `handler: sum, input: {of: [${fanIds.map((id) => `state.${id}`).join(', ')}], ms: state.ms}, output: total`,
    fanIds,
  ),
]

export const chain = yaml(
  'chain',
  Array.from({ length: CHAIN_STEPS }, (_, index) =>
    add(`s${index}`, 'state.n', 'n', index === 0 ? [] : [`s${index - 1}`]),
  ),
)
export const fan = yaml('fan', fanSteps)
export const capped = yaml('capped', fanSteps, `config: {max_concurrent_steps: ${CAP}}\n`)
export const items = yaml('items', [
  `{id: each, type: foreach, items: [${ITEMS.join(', ')}], max_concurrent: 4, step: {type: function, handler: add, input: {n: state.item, ms: state.ms}}, output: added}`,
  work('join', 'handler: sum, input: {of: state.added, ms: state.ms}, output: total', ['each']),
])
export const stumbling = yaml('stumbling', [
  add('first', 'state.n', 'n'),
  work(
    'stumble',
    `handler: stumble, input: {failures: ${STUMBLES}, ms: state.ms}, output: attempt, retry: {max_retries: 4, backoff_base: 1, backoff_max: 0.2}`,
    ['first'],
  ),
])
export const sleeping = yaml('sleeping', [
  add('before', 'state.n', 'n'),
  `{id: pause, type: sleep, seconds: ${SLEEP_MS / 1_000}, depends_on: [before]}`,
  add('after', 'state.n', 'n', ['pause']),
])
export const signalled = yaml('signalled', [
  add('before', 'state.n', 'n'),
  '{id: parcel, type: wait_for, signal: parcel, depends_on: [before], output: parcel}',
  add('after', 'state.n', 'n', ['parcel']),
])
export const gated = yaml('gated', [
  add('before', 'state.n', 'n'),
  '{id: gate, type: approval_gate, depends_on: [before], output: verdict}',
  `{id: route, type: router, depends_on: [gate], conditions: [{expression: state.verdict == 'approved', target: publish}], default: shelve}`,
  add('publish', 'state.n', 'published', ['route']),
  add('shelve', 'state.n', 'shelved', ['route']),
])
export const nested = yaml('nested', [
  add('before', 'state.n', 'n'),
  `{id: sub, type: subworkflow, depends_on: [before], return_keys: [n], output: child, workflow_inline: {name: child, steps: [${add('one', 'state.n', 'n')}, ${add('two', 'state.n', 'n', ['one'])}]}}`,
  add('after', 'state.child.n', 'n', ['sub']),
])
export const undone = yaml(
  'undone',
  [
    work(
      'book',
      'handler: add, input: {n: 0, ms: state.ms}, output: n, compensate: {type: function, handler: add, input: {n: 10, ms: state.ms}}',
    ),
    work('fail', 'handler: stumble, input: {failures: 99, ms: state.ms}, retry: {max_retries: 0}', ['book']),
  ],
  `finally:\n  - ${add('tidy', 'state.n', 'tidied')}\n`,
)
export const pooled = yaml('pooled', [
  add('here', 'state.n', 'n'),
  `{id: there, type: function, depends_on: [here], handler: add, input: {n: state.n, ms: state.ms}, output: n, queue: other}`,
  add('back', 'state.n', 'n', ['there']),
])
export const large = yaml('large', [
  work('make', `handler: large, input: {characters: ${LARGE_CHARACTERS}, ms: state.ms}, output: text`),
  work('digest', 'handler: digest, input: {text: state.text, ms: state.ms}, output: digest', ['make']),
])
