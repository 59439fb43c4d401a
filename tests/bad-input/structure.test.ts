import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, test } from 'vitest'
import { CommandLine } from './command-line.ts'
import { type Doubt, expectDoubted, expectRefused, type Refusal } from './refusals.ts'

// Section B: the structure of workflows, through `agentloom run` and `agentloom validate`. What needs more steps than a file may
// have (B3, B4) is tested beside the compiler.

const file = (...lines: string[]) => ['name: w', ...lines].join('\n')
const config = (text: string) => file(`config: {${text}}`, 'steps: []')
const step = (text: string) => file('steps:', `  - {id: a, type: llm_call, prompt: p, ${text}}`)
const id = (text: string) => file('steps:', `  - {id: ${text}, type: llm_call, prompt: p}`)
const router = (text: string, ...more: string[]) => file('steps:', `  - {id: r, type: router, ${text}}`, ...more)
const other = '  - {id: b, type: llm_call, prompt: p}'
const many = Array.from({ length: 10_000 }, () => '5').join(', ')

const refused: readonly Refusal[] = [
  [
    'B1 two steps that wait for each other',
    file(
      'steps:',
      '  - {id: a, type: llm_call, prompt: p, depends_on: [b]}',
      '  - {id: b, type: llm_call, prompt: p, depends_on: [a]}',
    ),
    'workflow/cycle',
    '3:',
  ],
  ['B1 a step that waits for itself', step('depends_on: [a]'), 'workflow/cycle', '3:'],
  ['B5 __proto__ as id', id('__proto__'), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B5 constructor as id', id('constructor'), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B5 prototype as id', id('prototype'), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B7 a slash in an id', id('a/b'), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B7 a path as id', id('../x'), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B7 a line end in an id', id(String.raw`"a\n"`), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B7 a path behind a line end', id(String.raw`"a\n../x"`), 'workflow/bad-id', '3:10  steps[0].id'],
  ['B9 an id of 129 characters', id('x'.repeat(129)), 'workflow/bad-id', '3:10  steps[0].id'],
  [
    'B9 an unknown key of half a megabyte at the top',
    file('steps: []', `? ${'k'.repeat(500_000)}`, ': 1'),
    'workflow/unknown-key',
    '3:3',
  ],
  ['B10 a number as id', id('5'), 'workflow/schema', '3:10  steps[0].id'],
  ['B13 a time-out that is no number', step('timeout: .nan'), 'workflow/schema', '3:'],
  ['B13 an infinite time-out', step('timeout: .inf'), 'workflow/schema', '3:'],
  ['B13 a budget beyond all numbers', config('budget_usd: 1e999'), 'workflow/schema', '2:22'],
  ['B14 more tokens than can be counted', step('max_tokens: 9007199254740993'), 'workflow/schema', '3:'],
  ['B15 a time-out above the timers', step('timeout: 1e9'), 'workflow/schema', '3:'],
  ['B16 a negative time-out', step('timeout: -1'), 'workflow/schema', '3:'],
  ['B17 a negative budget', config('budget_usd: -1'), 'workflow/schema', '2:22  config.budget_usd'],
  ['B17 a budget below a micro-dollar', config('budget_usd: 0.0000001'), 'workflow/schema', '2:22  config.budget_usd'],
  ['B18 negative retries', step('retry: {max_retries: -1}'), 'workflow/schema', '3:'],
  ['B18 a billion retries', step('retry: {max_retries: 1e9}'), 'workflow/schema', '3:'],
  ['B18 a base of 1e308', step('retry: {backoff_base: 1e308}'), 'workflow/schema', '3:'],
  ['B19 an unknown key at the top', file('steps: []', 'stpes: []'), 'workflow/unknown-key', '3:1  stpes'],
  ['B20 output into prototypes', step('output: __proto__.x'), 'workflow/bad-output-path', '3:'],
  ['B20 output into the engine’s own keys', step('output: _approval.gate'), 'workflow/bad-output-path', '3:'],
  ['B21 a router to nowhere', router('conditions: [{expression: "True", target: nope}]'), 'workflow/router', '3:'],
  ['B23 10,000 wrong entries', file(`steps: [${many}]`), 'workflow/schema', '2:'],
  ['a dependency that does not exist', step('depends_on: [nope]'), 'workflow/unknown-dependency', '3:'],
  [
    'an id twice',
    file('steps:', '  - {id: a, type: llm_call, prompt: p}', '  - {id: a, type: llm_call, prompt: p}'),
    'workflow/duplicate-id',
    '4:',
  ],
  ['a function without handler', file('steps: [{id: a, type: function}]'), 'workflow/schema', '2:'],
  ['a foreach over nothing', file('steps: [{id: a, type: foreach}]'), 'workflow/schema', '2:'],
  [
    'B8 an id that could be a step of a sub-workflow',
    file(
      'steps:',
      '  - {id: a, type: subworkflow, workflow_inline: {name: c, steps: []}}',
      '  - {id: a.b, type: llm_call, prompt: p}',
    ),
    'workflow/bad-id',
    '4:',
  ],
  [
    'B22 a file of a sub-workflow that is not there',
    file('steps: [{id: a, type: subworkflow, workflow_path: ../../nowhere.yaml}]'),
    'workflow/missing-file',
    '2:',
  ],
]

const doubted: readonly Doubt[] = [
  [
    'B5 names of methods as ids',
    file(
      'steps:',
      '  - {id: toString, type: llm_call, prompt: p}',
      '  - {id: hasOwnProperty, type: llm_call, prompt: p}',
    ),
    [],
  ],
  ['B6 a Cyrillic letter in an id', id('\u0430pprove'), ['workflow/bad-id']],
  ['B6 an invisible blank in an id', id(String.raw`"a\u200b"`), ['workflow/bad-id']],
  ['B7 a colon in an id', id('"a:b"'), ['workflow/bad-id']],
  ['B7 a blank in an id', id('"a b"'), ['workflow/bad-id']],
  [
    'B11 ids that differ in case',
    file('steps:', '  - {id: Draft, type: llm_call, prompt: p}', '  - {id: draft, type: llm_call, prompt: p}'),
    [],
  ],
  [
    'B12 a dependency twice',
    file('steps:', '  - {id: a, type: llm_call, prompt: p, depends_on: [b, b]}', other),
    ['workflow/duplicate-dependency'],
  ],
  ['B14 an integer beyond 2^53 in the state', file('state: {n: 9007199254740993}', 'steps: []'), []],
  ['B16 a fraction of a millisecond', step('timeout: 0.0001'), []],
  ['B17 a budget of nothing', config('budget_usd: 0'), []],
  ['B19 a misspelt key of a step', step('dependson: [a]'), ['workflow/unknown-key']],
  ['B19 a misspelt key of the settings', config('max_retry: 1'), ['workflow/unknown-key']],
  ['B19 a misspelt key of the sandbox', config('sandbox: {allowed_command: [ls]}'), ['workflow/unknown-key']],
  ['B19 keys of one’s own', file('steps: []', 'config: {x-mine: 1}'), []],
  ['B20 an empty part in an output path', step('output: a..b'), ['state/path']],
  ['B21 a router to itself', router('conditions: [{expression: "True", target: r}]'), ['workflow/router']],
  ['B21 a router to a step that does not wait for it', router('default: b', other), ['workflow/router']],
  ['B21 a router without a way', router('x-why: test'), ['workflow/router']],
]

describe('B: structure', () => {
  let line: CommandLine
  let folder: string
  beforeAll(async () => {
    line = new CommandLine()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agentloom-bad-'))
    return () => rm(folder, { recursive: true })
  })
  afterAll(() => line[Symbol.asyncDispose]())

  test.for(refused)('%s is refused', (refusal) => expectRefused(line, folder, refusal))
  test.for(doubted)('%s loads', (doubt) => expectDoubted(line, folder, doubt))
})
