import { describe, expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import { WorkflowError } from '../diagnostics/workflow-error.ts'

/** `loads`, or the codes of all errors. */
function outcome(text: string): readonly string[] | 'loads' {
  try {
    compileYaml(text)
    return 'loads'
  } catch (error) {
    if (error instanceof WorkflowError) return error.diagnostics.map(({ code }) => code)
    throw error
  }
}
const codes = (text: string) => compileYaml(text).warnings.map(({ code }) => code)

const top = (more: string) => `name: w\n${more}`
const file = (more: string) => top(`steps: [{id: a, type: llm_call, prompt: x}]\n${more}`)
const config = (more: string) => file(`config: {${more}}`)
const step = (more: string) => top(`steps: [{id: a, type: llm_call, prompt: x, ${more}}]`)
const tool = (more: string) => top(`steps: [{id: a, type: tool, tool_name: t, ${more}}]`)
const router = (more: string) => top(`steps: [{id: a, type: router, ${more}}]`)

const SCHEMA = ['workflow/schema']

// spec/workflow-format.md §10, and what design/bad-input.md and decisions.md change of it.
describe('load cases', () => {
  test.each([
    ['an unknown key on a step', step('foo: 1')],
    ['an unknown key in config', config('foo: 1')],
    ['an unknown key in retry', step('retry: {foo: 1}')],
    ['an unknown key in sandbox', config('sandbox: {foo: 1}')],
    ['an unknown key in state_schema', file('state_schema: {k: {redact: "no", zz: 1}}')],
  ])('loads with a warning: %s', (_, text) => {
    expect(codes(text)).toEqual(['workflow/unknown-key'])
  })

  test.each([
    ['keys of one’s own, at every level', `${step('x-foo: 1, retry: {x-bar: 1}')}\nx-top: 1\nconfig: {x-y: 1}`],
    ['no steps', top('steps: []')],
    ['an empty name', "name: ''\nsteps: []"],
    [
      'a dependency twice',
      top('steps: [{id: b, type: tool, tool_name: t}, {id: a, type: tool, tool_name: t, depends_on: [b, b]}]'),
    ],
    ['a high temperature', step('temperature: 9')],
    ['a temperature as text', step('temperature: "0.5"')],
    ['tokens as text', step('max_tokens: "10"')],
    ['no tokens at all', step('max_tokens: -1')],
    ['no timeout', step('timeout: 0')],
    ['a timeout as text', step('timeout: "5"')],
    ['a backoff base of 0', step('retry: {backoff_base: 0}')],
    ['a whole float as whole number', step('max_tool_iterations: 1.0')],
    ['a whole number as text', step('max_tool_iterations: "3"')],
    ['a flag as word', step('stream: "yes"')],
    ['a flag as unquoted word', step('stream: Off')],
    ['a flag as number', step('stream: 1')],
    ['a flag as whole float', step('stream: 0.0')],
    ['fields of a router on another type', step('conditions: [{expression: "1", target: nope}], default: nope')],
    ['a path of a sub-workflow on another type', step('workflow_path: /nope')],
    ['the highest concurrency', config('max_concurrent_steps: 1024')],
    ['concurrency as text', config('max_concurrent_steps: "4"')],
    ['concurrency as whole float', config('max_concurrent_steps: 2.0')],
    ['concurrency as boolean', config('max_concurrent_steps: true')],
    ['a budget of nothing', config('budget_usd: 0')],
    [
      'a null where it is the default',
      step('output: null, timeout: null, stream: null, thinking: null, system_prompt: null'),
    ],
    ['a tool choice by name, with more', step('tools: [], tool_choice: {name: a, x: 1}')],
    ['a number as key deep in the state', file('state: {m: {1: a}}')],
  ])('loads: %s', (_, text) => {
    expect(outcome(text)).toBe('loads')
  })

  test.each([
    ['an unknown key at the top', file('foo: 1'), ['workflow/unknown-key']],
    ['no name', 'steps: []', SCHEMA],
    ['no steps', 'name: w', SCHEMA],
    ['a step without id', top('steps: [{type: tool}]'), SCHEMA],
    ['a step without type', top('steps: [{id: a}]'), SCHEMA],
    ['null as steps', top('steps: null'), SCHEMA],
    ['a mapping as steps', top('steps: {a: {type: tool}}'), SCHEMA],
    ['a type in capitals', top('steps: [{id: a, type: Tool}]'), SCHEMA],
    ['null as type', top('steps: [{id: a, type: null}]'), SCHEMA],
    ['a number as type', top('steps: [{id: a, type: 5}]'), SCHEMA],
    ['an id as number', top('steps: [{id: 5, type: tool}]'), SCHEMA],
    ['dependencies as text', step('depends_on: a'), SCHEMA],
    ['null as dependencies', step('depends_on: null'), SCHEMA],
    ['a word as temperature', step('temperature: hot'), SCHEMA],
    ['a fraction of tokens', step('max_tokens: 1.5'), SCHEMA],
    ['null as retry', step('retry: null'), SCHEMA],
    ['a number as retry', step('retry: 3'), SCHEMA],
    ['a whole float as retry', step('retry: 3.0'), SCHEMA],
    ['a negative number of retries', step('retry: {max_retries: -1}'), SCHEMA],
    ['B18 a billion retries', step('retry: {max_retries: 1e9}'), SCHEMA],
    ['B18 a backoff that overflows', step('retry: {backoff_base: 1e308}'), SCHEMA],
    ['B16 a negative timeout', step('timeout: -1'), SCHEMA],
    ['B15 a timeout beyond timers', step('timeout: 2147484'), SCHEMA],
    ['B15 a timeout of 31 years', step('timeout: 1e9'), SCHEMA],
    ['a flag as thinking', step('thinking: true'), SCHEMA],
    ['an unknown level of thinking', step('thinking: {level: max}'), SCHEMA],
    ['a tool without name', step('tools: [{description: x}]'), SCHEMA],
    ['a list as parameters', step('tools: [{name: a, parameters: []}]'), SCHEMA],
    ['an unknown tool choice', step('tool_choice: any'), SCHEMA],
    ['an empty tool choice', step('tool_choice: {}'), SCHEMA],
    ['no tool iterations', step('max_tool_iterations: 0'), SCHEMA],
    ['a video as attachment', step('attachments: [{type: video, source: x}]'), SCHEMA],
    ['an attachment without source', step('attachments: [{type: pdf}]'), SCHEMA],
    ['a remote attachment', step('attachments: [{source: x, fetch: remote}]'), SCHEMA],
    ['a mapping as attachments', step('attachments: {source: x}'), SCHEMA],
    ['a flag that is none', step('stream: maybe'), SCHEMA],
    ['a boolean as expression', router('conditions: [{expression: true, target: a}]'), SCHEMA],
    ['a condition without expression', router('conditions: [{target: a}]'), SCHEMA],
    ['a notification without url', step('notify: {}'), SCHEMA],
    ['a header that is a number', step('notify: {url: u, headers: {a: 1}}'), SCHEMA],
    ['return keys as text', step('return_keys: a'), SCHEMA],
    ['null as input', step('input: null'), SCHEMA],
    ['isolation 2', step('isolated_state: 2'), SCHEMA],
    ['a list as tool arguments', tool('tool_args: [a]'), SCHEMA],
    ['a whole float as tool arguments', tool('tool_args: 1.0'), SCHEMA],
    ['a number as key of arguments', tool('tool_args: {1: a}'), SCHEMA],
    ['a number as key of the state', file('state: {1: a}'), SCHEMA],
    ['a list as state', file('state: []'), SCHEMA],
    ['null as state', file('state: null'), SCHEMA],
    ['null as config', file('config: null'), SCHEMA],
    ['a whole float as config', file('config: 1.0'), SCHEMA],
    ['no concurrency', config('max_concurrent_steps: 0'), SCHEMA],
    ['too much concurrency', config('max_concurrent_steps: 1025'), SCHEMA],
    ['a fraction of concurrency', config('max_concurrent_steps: 2.5'), SCHEMA],
    ['an unknown failure policy', config('on_step_failure: stop'), SCHEMA],
    ['an unknown latency model', config('latency_model: fast'), SCHEMA],
    ['B17 a negative budget', config('budget_usd: -1'), SCHEMA],
    ['B17 a budget below a micro-dollar', config('budget_usd: 0.0000001'), SCHEMA],
    ['B13 an infinite budget', config('budget_usd: .inf'), SCHEMA],
    ['null in state_schema', file('state_schema: {k: null}'), SCHEMA],
    ['a version as number', file('version: 1.0'), SCHEMA],
    ['a function without handler', top('steps: [{id: a, type: function}]'), SCHEMA],
    ['a self dependency', step('depends_on: [a]'), ['workflow/cycle']],
    ['a bad target of a router', router('default: nope'), ['workflow/router']],
    ['foreach without items and step', top('steps: [{id: a, type: foreach}]'), [...SCHEMA, ...SCHEMA]],
  ])('refused: %s', (_, text, expected) => {
    expect(outcome(text)).toEqual(expected)
  })

  test('strict: true makes errors of warnings, of those of the reading too', () => {
    const text = `${step('foo: 1, depends_on: []')}\nstate: {a: yes}\n`
    expect(codes(text)).toEqual(['workflow/unknown-key', 'yaml/old-form'])
    expect(outcome(`${text}config: {strict: true}`)).toEqual(['workflow/unknown-key', 'yaml/old-form'])
  })
})

describe('messages', () => {
  const message = (text: string) => {
    try {
      compileYaml(text)
    } catch (error) {
      if (error instanceof WorkflowError) {
        const { message: said, help } = error.diagnostics[0] ?? { message: '', help: null }
        return help === null ? said : `${said} | ${help}`
      }
    }
    return ''
  }
  test.each([
    [step('timeout: 1_000'), "expected a number, found the text '1_000' | write 1000"],
    [step('timeout: 12:30'), "expected a number, found the text '12:30' | write the number of seconds"],
    [
      top('steps: [{id: a, type: llm_call, prompt: {state.n}}]'),
      'expected text, found a mapping | put it in quotes: "{state.n}"',
    ],
    [file('version: 1.0'), 'expected text, found the number 1.0 | put it in quotes'],
    [top('steps: [{id: 5, type: tool}]'), 'expected text, found the number 5 | put it in quotes'],
    [step('depends_on: b'), "expected a list, found the text 'b' | write a list: [b]"],
    [file('stat: {}'), "the format has no key 'stat' here | did you mean state?"],
    [
      config('on_step_failure: contineu'),
      "expected one of skip_downstream, continue; found the text 'contineu' | did you mean continue?",
    ],
    [config('max_concurrent_steps: 2000'), 'must be at most 1024, found the number 2000'],
    [step('max_tokens: 9007199254740993'), 'must be at most 9007199254740991, found the number 9007199254740993'],
    ['name: w', '`steps` is missing'],
  ])('%s', (text, expected) => {
    expect(message(text)).toBe(expected)
  })

  test('B9 an unknown key of a megabyte is not repeated', () => {
    const { warnings } = compileYaml(
      top(`steps:\n- id: a\n  type: llm_call\n  prompt: x\n  ? ${'k'.repeat(500_000)}\n  : 1`),
    )
    expect(warnings[0]?.message.length).toBeLessThan(200)
    expect(warnings[0]?.path.length).toBeLessThan(200)
    expect(message(config(`on_step_failure: ${'x'.repeat(500_000)}`)).length).toBeLessThan(400)
  })
})
