import { describe, expect, test } from 'vitest'
import type { Plan } from '../plan/plan.ts'
import { compileWorkflow } from './compile.ts'
import { compileYaml } from './from-yaml.ts'
import { defineFromYaml } from './define.ts'

function planOf(steps: string, config = ''): Plan {
  return compileYaml(`name: w\nconfig: {${config}}\nstate: {n: 1}\nsteps:\n${steps}`).plan
}
const ids = (plan: Plan, ranks: readonly number[] | undefined) => ranks?.map((rank) => plan.nodes[rank]?.id).join(' ')
const sources = (plan: Plan, id: string) => ids(plan, plan.byId.get(id)?.sources)
const reads = (plan: Plan, id: string) => ids(plan, plan.byId.get(id)?.reads)

const first = (id: string, output: string) => `  - {id: ${id}, type: llm_call, prompt: x, output: "${output}"}\n`
const later = (id: string, more: string, dependsOn = 'z') =>
  `  - {id: ${id}, type: llm_call, depends_on: [${dependsOn}], ${more}}\n`
const z = '  - {id: z, type: llm_call, prompt: x}\n'

test('rule 1: by layer, then by id', () => {
  const plan = planOf(
    `${later('b', 'prompt: x', 'c')}${later('a', 'prompt: x', 'b')}${first('d', 'd')}${first('c', 'c')}`,
  )
  expect(plan.nodes.map(({ id, layer }) => `${id}${layer}`)).toEqual(['c0', 'd0', 'b1', 'a2'])
  expect(ids(plan, plan.roots)).toBe('c d')
})

describe('rule 2: data edges', () => {
  test.each([
    ['an equal path', 'a.b', '"{state.a.b}"'],
    ['a prefix of what is written', 'a.b', '"{state.a}"'],
    ['something below what is written', 'a', '"{state.a.b.c}"'],
    ['a bare name', 'a', '"{a[b]}"'],
    ['an index, dropped', 'a[0].b', '"{state.a[1].b}"'],
    ['a list as a whole', 'a[0]', '"{state.a}"'],
    ['the entry of the step', 'a', '"{state.steps.w.output}"'],
    ['the entry of the step, bare', 'a', '"{steps[w][status]}"'],
    ['all entries', 'a', '"{state.steps}"'],
    ['all entries, bare', 'a', '"{steps}"'],
    ['the whole state', 'a', '"{state}"'],
    ['a placeholder inside a format', 'a', '"{n:{a}}"'],
  ])('%s', (_, output, prompt) => {
    const plan = planOf(first('w', output) + z + later('s', `prompt: ${prompt}`))
    expect(sources(plan, 's')).toBe('w z')
    expect(plan.byId.get('s')?.reads).toContain(plan.byId.get('w')?.index)
    expect(plan.byId.get('w')?.edges).toEqual([{ to: plan.byId.get('s')?.index, isExplicit: false }])
  })

  test.each([
    ['another path', 'n.b', '"{state.n.c}"'],
    ['a longer name', 'a', '"{state.ab}"'],
    ['no path at all', 'a', '"state.a"'],
    ['escaped braces', 'a', '"{{state.a}}"'],
    ['another step', 'a', '"{state.steps.z.output}"'],
  ])('none to %s', (_, output, prompt) => {
    const plan = planOf(first('w', output) + z + later('s', `prompt: ${prompt}`))
    expect(sources(plan, 's')).toBe('z')
  })

  test('from system prompts, arguments and expressions', () => {
    const plan = planOf(
      `${first('a', 'a')}${first('b', 'b')}${first('c', 'c')}${first('d', 'd')}${z}${later('llm', 'prompt: x, system_prompt: "{state.a}"')}` +
        '  - {id: tool, type: tool, tool_name: t, depends_on: [z], tool_args: {raw: state.b.x, text: "{c}", nested: ["{state.d}"]}}\n' +
        '  - {id: fn, type: function, handler: h, depends_on: [z], input: {nested: ["{state.d}"]}}\n' +
        '  - {id: route, type: router, depends_on: [z], conditions: [{expression: "state.a == 1 and steps.b.output", target: z}]}\n',
    )
    expect(sources(plan, 'llm')).toBe('a z')
    expect(sources(plan, 'tool')).toBe('b c z')
    expect(sources(plan, 'fn')).toBe('d z')
    expect(sources(plan, 'route')).toBe('a b z')
  })

  test('only from lower layers', () => {
    const plan = planOf(
      `${first('a', 'a')}  - {id: b, type: llm_call, prompt: "{state.a} {state.steps.c.output}"}\n${later('c', 'prompt: x', 'b')}`,
    )
    expect(sources(plan, 'b')).toBe('')
    expect(reads(plan, 'b')).toBe('')
  })

  test('an output reads its prefixes, and a plain key nothing', () => {
    const plan = planOf(
      first('w', 'a') +
        z +
        later('deep', 'prompt: x, output: a.b') +
        later('element', 'prompt: x, output: "a[0]"') +
        later('plain', 'prompt: x, output: a'),
    )
    expect(sources(plan, 'deep')).toBe('w z')
    expect(sources(plan, 'element')).toBe('w z')
    expect(sources(plan, 'plain')).toBe('z')
  })

  test('what lies beside a written key is missing, and not an error: who made the mapping is read', () => {
    const plan = planOf(
      first('x', 'd.x') +
        first('y', 'd.y') +
        first('other', 'n.x') +
        z +
        later('nobody', 'prompt: "{state.d.q}"') +
        later('one', 'prompt: "{state.d.x}"') +
        later('beside', 'prompt: "{state.d.x}"', 'y') +
        later('given', 'prompt: "{state.n.q}"', 'other'),
    )
    expect(['nobody', 'one', 'beside', 'given'].map((id) => reads(plan, id))).toEqual(['x y', 'x', 'x y', ''])
    expect(sources(plan, 'beside')).toBe('x y')
  })

  test('an explicit edge stays explicit where data go the same way, and only named steps are read', () => {
    const plan = planOf(first('w', 'a') + z + later('s', 'prompt: "{state.a}"', 'w, z'))
    expect(plan.byId.get('w')?.edges).toEqual([{ to: 2, isExplicit: true }])
    expect(reads(plan, 's')).toBe('w')
    expect(ids(plan, plan.byId.get('s')?.dependsOn)).toBe('w z')
  })

  test('what cannot be read adds none', () => {
    const plan = planOf(first('w', 'a') + z + later('s', 'prompt: "{state.a"'))
    expect(sources(plan, 's')).toBe('z')
  })
})

describe('rule 3: one step at a time', () => {
  const text =
    first('a', 'a') +
    first('b', 'b') +
    '  - {id: c, type: llm_call, prompt: "{state.a}"}\n' +
    later('d', 'prompt: x', 'a')
  test('each step waits for the one before, and sees all earlier ones that it names', () => {
    const plan = planOf(text, 'max_concurrent_steps: 1')
    expect(['a', 'b', 'c', 'd'].map((id) => sources(plan, id))).toEqual(['', 'a', 'b', 'a c'])
    expect(reads(plan, 'c')).toBe('a')
    expect(plan.widthBound).toBe(1)
    expect(plan.byId.get('c')?.edges).toEqual([{ to: 3, isExplicit: false }])
  })

  test('more at a time: none of it', () => {
    const plan = planOf(text, 'max_concurrent_steps: 2')
    expect(['a', 'b', 'c', 'd'].map((id) => sources(plan, id))).toEqual(['', '', '', 'a'])
    expect(plan.widthBound).toBe(3)
  })
})

test('the width of a diamond is that of its middle', () => {
  const plan = planOf(
    first('a', 'a') + later('b', 'prompt: x', 'a') + later('c', 'prompt: x', 'a') + later('d', 'prompt: x', 'b, c'),
  )
  expect(plan.widthBound).toBe(2)
})

describe('references that cannot be meant', () => {
  const warnings = (steps: string) =>
    compileYaml(`name: w\nstate: {ticket: ""}\nsteps:\n${steps}`, { file: 'w.yaml' }).warnings.map(
      ({ code, message, help, line, column }) => `${line}:${column} ${code} ${message} | ${help}`,
    )
  test('nothing writes it', () => {
    expect(warnings('  - {id: answer, type: llm_call, prompt: "Answer kindly: {state.tickt}"}')).toEqual([
      '4:59 workflow/unknown-reference nothing writes state.tickt | did you mean state.ticket (initial state)?',
    ])
  })

  test('a run is given it: nothing is said, and the plan is the same; under strict it stays an error', () => {
    const text = 'name: w\nsteps: [{id: a, type: llm_call, prompt: "{state.topic}"}]'
    const { definition } = defineFromYaml(text)
    const inputKeys = ['topic']
    const told = compileWorkflow(definition, { inputKeys })
    expect(told.warnings).toEqual([])
    expect(told.plan).toEqual(compileWorkflow(definition).plan)
    const strict = defineFromYaml(`${text}\nconfig: {strict: true}`).definition
    expect(() => compileWorkflow(strict, { inputKeys })).toThrow('nothing writes state.topic')
  })

  test('there is no such step', () => {
    expect(warnings('  - {id: answer, type: llm_call, prompt: "{state.steps.anser.output}"}')).toEqual([
      "4:44 workflow/unknown-reference there is no step 'anser' | did you mean steps.answer?",
    ])
  })

  test('it is written later, or beside', () => {
    const steps = `${first('a', 'x')}  - {id: b, type: llm_call, prompt: "{state.x} {state.steps.a.output}"}`
    expect(warnings(steps)).toEqual([
      "5:39 workflow/unordered-reference state.x is written by 'a', which does not run before this step | add a to depends_on",
      "5:49 workflow/unordered-reference state.steps.a.output is written by 'a', which does not run before this step | add a to depends_on",
    ])
  })
})
