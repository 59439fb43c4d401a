import { describe, expect, test } from 'vitest'
import { WorkflowError } from '../../diagnostics/workflow-error.ts'
import { parseDefinition, writeDefinition } from '../../plan/definition.ts'
import type { Plan, SubworkflowStep } from '../../plan/plan.ts'
import { compileWorkflow } from '../compile.ts'
import type { YamlOptions } from '../define.ts'
import { compileYaml } from '../from-yaml.ts'

const parentOf = (step: string, top = '') => `name: p\n${top}\nsteps:\n  - {id: s, type: subworkflow, ${step}}\n`
const inline = (child: string, more = '', top = '') => parentOf(`workflow_inline: {${child}}${more}`, top)
const ask = 'name: c, steps: [{id: a, type: llm_call, prompt: "{state.x}"}]'

function stepOf(plan: Plan, id = 's'): SubworkflowStep {
  const step = plan.byId.get(id)?.step
  if (step?.type !== 'subworkflow') throw new Error(`${id} is no sub-workflow`)
  return step
}
function childOf(text: string, options: YamlOptions = {}): Plan {
  const { child } = stepOf(compileYaml(text, options).plan)
  if ('broken' in child) throw new Error(child.broken.message)
  return child
}
/** What a worker makes of the text that a journal keeps. */
const stored = (plan: Plan) => compileWorkflow(parseDefinition(writeDefinition(plan.definition))).plan
function codesOf(text: string, options: YamlOptions = {}): readonly string[] {
  try {
    return compileYaml(text, options).warnings.map(({ code }) => code)
  } catch (error) {
    if (error instanceof WorkflowError) return error.diagnostics.map(({ code }) => `error ${code}`)
    throw error
  }
}

describe('a child has a plan of its own', () => {
  test.each([
    ['inline', inline(ask), {}],
    ['of a file', parentOf('workflow_path: c.yaml'), { 'c.yaml': '{name: c, steps: []}' }],
    [
      'of a file of a file',
      parentOf('workflow_path: c.yaml'),
      { 'c.yaml': parentOf('workflow_path: d.yaml'), 'c.yaml\nd.yaml': '{name: d, steps: []}', other: 'x' },
    ],
    [
      'inline, with a file',
      inline('name: c, steps: [{id: t, type: subworkflow, workflow_path: d.yaml}]'),
      { 'd.yaml': parentOf('workflow_path: e.yaml'), 'd.yaml\ne.yaml': '{name: e, steps: []}', unused: 'x' },
    ],
    [
      'with inheritance',
      inline(
        ask,
        ', isolated_state: true, input: {x: 1}',
        'config: {provider: mock, model: m, strict: true}\nstate_schema: {k: {redact: true}}',
      ),
      {},
    ],
    ['under compat', inline(ask, '', 'config: {compat: agentloom, sandbox: {enabled: true}}'), {}],
  ])('the same from its stored definition: %s', (_, text, files) => {
    const child = childOf(text, { files })
    expect(stored(child)).toEqual(child)
    const grandchild = child.nodes.map(({ step }) => step).find(({ type }) => type === 'subworkflow')
    if (grandchild === undefined || !('child' in grandchild)) return
    if ('broken' in grandchild.child) throw new Error(grandchild.child.broken.message)
    expect(stored(grandchild.child)).toEqual(grandchild.child)
  })

  test('it carries the files that it names, and no others', () => {
    const files = {
      'c.yaml': parentOf('workflow_path: d.yaml'),
      'c.yaml\nd.yaml': '{name: d, steps: []}',
      'd.yaml': 'x',
    }
    const child = childOf(parentOf('workflow_path: c.yaml'), { files })
    expect(child.definition.files).toEqual({ 'd.yaml': '{name: d, steps: []}' })
  })

  test('a file that two steps name is compiled once', () => {
    const text = `name: p\nsteps:\n  - {id: s, type: subworkflow, workflow_path: c.yaml}\n  - {id: t, type: subworkflow, workflow_path: c.yaml}`
    const { plan } = compileYaml(text, { files: { 'c.yaml': '{name: c, steps: []}' } })
    expect(stepOf(plan, 's').child).toBe(stepOf(plan, 't').child)
  })
})

describe('a child takes over', () => {
  test('provider and model where it names none', () => {
    const top = 'config: {provider: anthropic, model: m}'
    expect(childOf(inline(ask, '', top)).config).toMatchObject({ provider: 'anthropic', model: 'm' })
    const own = childOf(inline(`${ask}, config: {provider: ollama, model: o}`, '', top)).config
    expect(own).toMatchObject({ provider: 'ollama', model: 'o' })
  })

  test('the mock and its answers, whatever it says', () => {
    const text = inline(
      `${ask}, config: {provider: openai, responses_file: b.json}`,
      '',
      'config: {provider: mock, responses_file: a.json, latency_ms: 5}',
    )
    const child = childOf(text, { files: { 'a.json': '{"a": 1}', 'b.json': '{}' } })
    expect(child.config).toMatchObject({ provider: 'mock', mock: { responses: '{"a": 1}', latencyMs: 5 } })
  })

  test('the mock even where that has no answers: a run has one', () => {
    const own = 'config: {responses_file: b.json, latency_model: replay, latency_ms: 9}'
    const text = inline(`${ask}, ${own}`, '', 'config: {provider: mock}')
    const { mock } = childOf(text, { files: { 'b.json': '{"b": 1}' } }).config
    expect(mock).toMatchObject({ responses: null, latencyMs: 0 })
  })

  test('patterns of redaction, and keeps its own', () => {
    const text = inline(
      `${ask}, state_schema: {own: {redact: true}, k: {redact: false}}`,
      '',
      'state_schema: {k: {redact: true}, open: {redact: false}}',
    )
    expect(childOf(text).redact).toEqual(['own', 'k'])
  })

  test('the sandbox: the parent’s, its own, or its own inside of the parent’s', () => {
    const own = `${ask}, config: {sandbox: {enabled: "yes", allowed_paths: [own], allow_internal_webhook_targets: true}}`
    const on = 'config: {sandbox: {enabled: true, allowed_paths: [data]}}'
    expect(childOf(inline(ask, '', on)).config.sandbox).toMatchObject({ enabled: true, allowedPaths: ['data'] })
    const alone = childOf(inline(own)).config.sandbox
    expect(alone).toMatchObject({ enabled: true, allowedPaths: ['own'], allowInternalWebhookTargets: true })
    expect(alone.outer).toBeUndefined()
    const both = childOf(inline(own, '', on))
    expect(both.config.sandbox).toMatchObject({
      allowedPaths: ['own'],
      allowInternalWebhookTargets: false,
      outer: [{ allowedPaths: ['data'] }],
    })
    expect(stored(both)).toEqual(both)
    const under = childOf(inline(own, '', `config: {compat: agentloom}`)).config.sandbox
    expect(under).toMatchObject({ enabled: false, allowedPaths: [] })
    expect(childOf(inline(own, '', on.replace('{', '{compat: agentloom, '))).config.sandbox).toMatchObject({
      allowedPaths: ['data'],
    })
  })

  test('the sandboxes of all that it is inside of', () => {
    const level = (path: string, inside: string) =>
      `config: {sandbox: {enabled: true, allowed_paths: [${path}]}}, steps: [${inside}]`
    const grand = `{id: s, type: subworkflow, workflow_inline: {name: c, ${level('c', '')}}}`
    const child = childOf(
      inline(`name: b, ${level('b', grand)}`, '', 'config: {sandbox: {enabled: true, allowed_paths: [a]}}'),
    )
    const { child: inner } = stepOf(child)
    if ('broken' in inner) throw new Error(inner.broken.message)
    expect(inner.config.sandbox.allowedPaths).toEqual(['c'])
    expect(inner.config.sandbox.outer?.map(({ allowedPaths }) => allowedPaths)).toEqual([['a'], ['b']])
    expect(stored(inner)).toEqual(inner)
  })

  test('compat', () => {
    const files = { 'c.yaml': 'name: c\nstate: {a: on}\nsteps: []' }
    const text = parentOf('workflow_path: c.yaml, isolated_state: true')
    expect(childOf(text, { files }).state).toEqual({ a: 'on' })
    const child = childOf(text, { files, compat: 'agentloom' })
    expect(child.state).toEqual({ a: true })
    expect(child.compat.refusesNewConstructs).toBe(true)
  })
})

describe('input', () => {
  const step = (more: string, compat: YamlOptions['compat'] = null) =>
    stepOf(compileYaml(inline(`${ask}, state: {own: 1}`, more), { compat }).plan)

  test('is rendered, at every depth', () => {
    const { input } = step(', isolated_state: true, input: {x: state.a, y: {z: ["{state.b}"]}, n: 1}')
    expect(input).toMatchObject({ x: { kind: 'path' }, y: { kind: 'mapping' }, n: { kind: 'literal' } })
  })

  test('what is no template is passed on as it is', () => {
    const text = inline(ask, ', isolated_state: true, input: {x: "{ a"}')
    const { plan, warnings } = compileYaml(text)
    expect(stepOf(plan).input).toEqual({ x: { kind: 'literal', value: '{ a' } })
    expect(warnings.map(({ code }) => code)).toContain('template/syntax')
  })

  test('under compat it is passed as written, and to isolated children only', () => {
    const written = { x: { kind: 'literal', value: '{state.a}' } }
    expect(step(', isolated_state: true, input: {x: "{state.a}"}', 'agentloom').input).toEqual(written)
    expect(step(', input: {x: "{state.a}"}', 'agentloom').input).toEqual({})
    expect(childOf(inline(`${ask}, state: {own: 1}`), { compat: 'agentloom' }).state).toEqual({})
    expect(childOf(inline(`${ask}, state: {own: 1}`)).state).toEqual({ own: 1 })
  })
})

describe('what a child reads', () => {
  const chain = (more: string) => `
name: p
steps:
  - {id: w, type: llm_call, prompt: x, output: x}
  - {id: v, type: llm_call, prompt: x, output: v}
  - {id: z, type: llm_call, prompt: x}
  - {id: s, type: subworkflow, depends_on: [z], workflow_inline: {${ask}}, ${more}}`
  const reads = (more: string) => {
    const { plan } = compileYaml(chain(more))
    return plan.byId.get('s')?.reads.map((rank) => plan.nodes[rank]?.id)
  }
  test('everything, where it shares the state', () => {
    expect(reads('isolated_state: false')).toEqual(['v', 'w', 'z'])
  })
  test('what its input names, where it is isolated', () => {
    expect(reads('isolated_state: true, input: {x: state.x}')).toEqual(['w'])
  })
  test('keys of its parent are known to it where it shares the state', () => {
    expect(codesOf(chain('isolated_state: false'))).toEqual([])
    expect(codesOf(chain('isolated_state: true'))).toEqual(['workflow/unknown-reference'])
    expect(codesOf(chain('isolated_state: true, input: {x: 1}'))).toEqual([])
  })
})

describe('a child that does not load', () => {
  test.each([
    ['not well-formed', { 'c.yaml': 'name: [' }],
    ['no mapping', { 'c.yaml': '- x' }],
    ['without a name', { 'c.yaml': 'steps: []' }],
    ['with a cycle', { 'c.yaml': 'name: c\nsteps: [{id: a, type: llm_call, prompt: x, depends_on: [a]}]' }],
    ['with a file that is missing', { 'c.yaml': parentOf('workflow_path: nowhere.yaml') }],
    ['that could not be read', { 'c.yaml': '' }],
  ])('fails its step: %s', (_, files) => {
    const { plan, warnings } = compileYaml(parentOf('workflow_path: c.yaml'), { files })
    expect(stepOf(plan).child).toMatchObject({ broken: { code: 'subworkflow/load', place: 'steps[0].workflow_path' } })
    expect(warnings).toMatchObject([{ code: 'subworkflow/load', line: 4, path: 'steps[0].workflow_path' }])
    expect(codesOf(`${parentOf('workflow_path: c.yaml')}config: {strict: true}`, { files })).toContain(
      'error subworkflow/load',
    )
  })

  test('a file that is missing is an error', () => {
    expect(codesOf(parentOf('workflow_path: c.yaml'))).toEqual(['error workflow/missing-file'])
  })

  test('without path and without steps written in it, the step fails', () => {
    for (const text of [parentOf('x-a: 1'), parentOf('workflow_inline: {}'), parentOf('workflow_path: ""')]) {
      expect(stepOf(compileYaml(text).plan).child).toMatchObject({ broken: { code: 'workflow/missing-field' } })
    }
  })

  test('a strict child is strict, and its parent need not be', () => {
    const files = { 'c.yaml': 'name: c\nconfig: {strict: true}\nstate: {a: yes}\nsteps: []' }
    expect(stepOf(compileYaml(parentOf('workflow_path: c.yaml'), { files }).plan).child).toHaveProperty('broken')
    expect(
      stepOf(compileYaml(inline(`${ask}, config: {strict: true}`, ', isolated_state: true')).plan).child,
    ).toHaveProperty('broken')
    expect(codesOf(inline(ask, ', isolated_state: true', 'config: {strict: true}'))).toEqual([
      'error workflow/unknown-reference',
    ])
  })
})

test('findings inside a child have their place in its text', () => {
  const [inside] = compileYaml(inline(ask, ', isolated_state: true')).warnings
  expect(inside).toMatchObject({ line: 4, path: 'steps[0].workflow_inline.steps[0].prompt' })
  const files = { 'c.yaml': `name: c\nsteps:\n  - {id: a, type: llm_call, prompt: "{state.x}"}` }
  const [other] = compileYaml(parentOf('workflow_path: c.yaml, isolated_state: true'), { files }).warnings
  expect(other).toMatchObject({ file: 'c.yaml', line: 3, path: 'steps[0].prompt' })
})

test('ids beside sub-workflows have no dots', () => {
  expect(
    codesOf(`${parentOf('workflow_inline: {name: c, steps: []}')}  - {id: s.a, type: tool, tool_name: t}`),
  ).toEqual(['error workflow/bad-id'])
  const inside = inline('name: c, steps: [{id: a.b, type: tool, tool_name: t}]')
  expect(stepOf(compileYaml(inside).plan).child).toHaveProperty('broken')
  expect(codesOf('name: w\nsteps: [{id: s.a, type: tool, tool_name: t}]')).toEqual(['workflow/bad-id'])
})

test('16 levels and no more', () => {
  const nested = (levels: number): object =>
    levels === 0
      ? { name: 'c', steps: [] }
      : { name: 'c', steps: [{ id: 's', type: 'subworkflow', workflow_inline: nested(levels - 1) }] }
  expect(codesOf(JSON.stringify(nested(16)))).toEqual([])
  expect(codesOf(JSON.stringify(nested(17)))).toEqual(['error workflow/recursion'])
})
