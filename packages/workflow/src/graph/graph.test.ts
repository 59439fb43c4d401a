import { describe, expect, test } from 'vitest'
import { compileYaml } from '../compile/from-yaml.ts'
import type { Plan } from '../plan/plan.ts'
import { criticalPath } from './critical-path.ts'
import { graphDocument } from './document.ts'
import { exportGraph, GRAPH_FORMATS } from './export.ts'
import { graphOf } from './graph.ts'
import { pathsOf } from './paths.ts'
import { unreachableSteps } from './reach.ts'

function planOf(...steps: readonly string[]): Plan {
  return compileYaml(
    `name: demo\nconfig: {provider: mock, model: m}\nsteps:\n${steps.map((step) => `  - ${step}\n`).join('')}`,
  ).plan
}

const tool = (id: string, ...dependsOn: readonly string[]): string =>
  `{id: ${id}, type: tool, tool_name: t, depends_on: [${dependsOn.join(', ')}]}`

const diamond = planOf(tool('d', 'b', 'c'), tool('c', 'a'), tool('b', 'a'), tool('a'))

describe('a diamond', () => {
  test('has one root, one leaf and three layers', () => {
    expect(graphOf(diamond)).toMatchObject({
      roots: ['a'],
      leaves: ['d'],
      layers: [['a'], ['b', 'c'], ['d']],
      edges: [
        { from: 'a', to: 'b' },
        { from: 'a', to: 'c' },
        { from: 'b', to: 'd' },
        { from: 'c', to: 'd' },
      ],
    })
  })

  test('has two paths, of which the first is the critical one by hops', () => {
    expect(pathsOf(diamond)).toEqual({
      paths: [
        ['a', 'b', 'd'],
        ['a', 'c', 'd'],
      ],
      isComplete: true,
    })
    expect(criticalPath(diamond)).toEqual({ steps: ['a', 'b', 'd'], weight: 3 })
  })

  test('has another critical path when its steps weigh otherwise', () => {
    const seconds: Record<string, number> = { a: 1, b: 2, c: 5, d: 1 }
    expect(criticalPath(diamond, ({ id }) => seconds[id] ?? 0)).toEqual({ steps: ['a', 'c', 'd'], weight: 7 })
  })
})

test('edges that only order count for the critical path, and are told apart', () => {
  const plan = planOf(
    '{id: a, type: tool, tool_name: t, output: x}',
    tool('m'),
    "{id: r, type: tool, tool_name: t, depends_on: [m], tool_args: {x: '{state.x}'}}",
  )
  expect(graphOf(plan).edges).toContainEqual({ from: 'a', to: 'r', kind: 'order', choices: null })
  expect(exportGraph(plan, 'mermaid')).not.toContain('a ')
  expect(exportGraph(plan, 'mermaid', { hasOrderEdges: true })).toContain('a -.-> r')
  expect(exportGraph(plan, 'dot', { hasOrderEdges: true })).toContain('a -> r [style=dotted];')
  expect(criticalPath(plan, ({ id }) => (id === 'a' ? 9 : 1)).steps).toEqual(['a', 'r'])
})

test('paths end at their limit', () => {
  const ladder = Array.from({ length: 40 }, (_, n) => [
    tool(`a${n}`, ...(n === 0 ? [] : [`a${n - 1}`, `b${n - 1}`])),
    tool(`b${n}`, ...(n === 0 ? [] : [`a${n - 1}`, `b${n - 1}`])),
  ]).flat()
  const { paths, isComplete } = pathsOf(planOf(...ladder), { max: 50 })
  expect(paths).toHaveLength(50)
  expect(isComplete).toBe(false)
})

test('a plan without steps', () => {
  const { plan } = compileYaml('name: none\nsteps: []')
  expect(criticalPath(plan)).toEqual({ steps: [], weight: 0 })
  expect(pathsOf(plan).paths).toEqual([])
  for (const format of GRAPH_FORMATS) expect(exportGraph(plan, format)).not.toBe('')
})

describe('unreachable steps', () => {
  const router = (conditions: string, rest = ''): string => `{id: r, type: router, conditions: [${conditions}]${rest}}`
  const on = (expression: string, target: string): string => `{expression: "${expression}", target: ${target}}`

  test('a step that the router it depends on never chooses, and what waits for it', () => {
    const plan = planOf(
      router(on('state.x', 'a'), ', default: b'),
      tool('a', 'r'),
      tool('b', 'r'),
      tool('c', 'r'),
      tool('d', 'c'),
    )
    expect([...unreachableSteps(plan)]).toEqual([
      ['c', { kind: 'never-chosen', routers: ['r'] }],
      ['d', { kind: 'behind', steps: ['c'] }],
    ])
  })

  test.each([
    ['True', 'a', ['b', 'c']],
    ['1 == 2', 'a', ['a']],
    ['state.x', 'a', []],
    ['lambda: 1', 'a', []], // a mistake of its own, which compiling tells
  ])('a condition %s', (first, target, dead) => {
    const plan = planOf(
      router(`${on(first, target)}, ${on('state.y', 'b')}`, ', default: c'),
      tool('a', 'r'),
      tool('b', 'r'),
      tool('c', 'r'),
    )
    expect([...unreachableSteps(plan).keys()]).toEqual(dead)
  })

  test('a condition that stands there twice chooses nothing the second time', () => {
    const plan = planOf(router(`${on('state.x', 'a')}, ${on('state.x', 'b')}`), tool('a', 'r'), tool('b', 'r'))
    expect([...unreachableSteps(plan).keys()]).toEqual(['b'])
  })

  test('one of two routers is enough', () => {
    const plan = planOf(
      router(on('state.x', 'a'), ', default: b'),
      '{id: q, type: router, default: c}',
      tool('a', 'r'),
      tool('b', 'r', 'q'),
      tool('c', 'q', 'r'),
    )
    expect(unreachableSteps(plan).size).toBe(0)
  })

  test('a target that does not depend on its router is no dead step', () => {
    const plan = planOf(router(on('state.x', 'a')), tool('a'))
    expect(unreachableSteps(plan).size).toBe(0)
  })

  test('with on_step_failure: continue a router that fails lets all of them run', () => {
    const text = 'name: w\nconfig: {on_step_failure: continue}\nsteps:\n'
    const steps = [router(on('state.x', 'a')), tool('a', 'r'), tool('c', 'r')]
    const { plan } = compileYaml(text + steps.map((step) => `  - ${step}\n`).join(''))
    expect(unreachableSteps(plan).size).toBe(0)
  })
})

describe('drawings', () => {
  const plan = planOf(
    '{id: end, type: llm_call, prompt: hi}',
    `{id: route, type: router, depends_on: [end], conditions: [{expression: "state.x == '<b>' and state.y", target: do-it}], default: b}`,
    tool('do-it', 'route'),
    tool('b', 'route'),
    '{id: f, type: function, handler: h, depends_on: [b]}',
  )

  test('Mermaid: shapes tell types apart, and nothing that users write is read as Mermaid', () => {
    expect(exportGraph(plan, 'mermaid')).toBe(`graph TD
    n0["end"]
    route{"route"}
    b[/b/]
    n3[/"do-it"/]
    f(f)
    n0 --> route
    route -->|"default"| b
    route -->|"state.x == '#60;b#62;' and state.y"| n3
    b --> f
`)
  })

  test('DOT', () => {
    expect(exportGraph(plan, 'dot')).toBe(`digraph "demo" {
  rankdir=LR;
  node [fontname="sans-serif"];
  end [label="end", shape=box, style=rounded];
  route [label="route", shape=diamond];
  b [label="b", shape=trapezium];
  n3 [label="do-it", shape=trapezium];
  f [label="f", shape=component];
  end -> route;
  route -> b [label="default"];
  route -> n3 [label="state.x == '<b>' and state.y"];
  b -> f;
}
`)
  })

  test('PNML: the dependents of a router share the place that it fills', () => {
    const text = exportGraph(plan, 'pnml')
    expect(text.match(/<transition /g)).toHaveLength(5)
    expect(text.match(/ chooses</g)).toHaveLength(1)
    expect(text.match(/<initialMarking><text>1</g)).toHaveLength(1)
    const ids = new Set([...text.matchAll(/<(?:place|transition) id="(\w+)"/g)].map(([, id]) => id))
    for (const [, source, target] of text.matchAll(/source="(\w+)" target="(\w+)"/g)) {
      expect(ids).toContain(source)
      expect(ids).toContain(target)
      expect(source?.[0]).not.toBe(target?.[0])
    }
  })

  test('for a terminal', () => {
    expect(exportGraph(plan, 'ascii')).toBe(`
  Workflow: demo
  ==================================================
                      [LLM: end]
                          |
                          v
                   [IF/ELSE: route]
                          |
                          v
              [TOOL: b]   [TOOL: do-it]
                          |
                          v
                      [CALL: f]
  ==================================================
`)
  })

  test('JSON holds what can be said of the graph', () => {
    expect(JSON.parse(exportGraph(plan, 'json'))).toEqual(graphDocument(plan))
    expect(graphDocument(plan)).toMatchObject({
      workflow: 'demo',
      critical_path: ['end', 'route', 'b', 'f'],
      unreachable: [],
    })
    expect(graphDocument(plan).edges[2]).toEqual({
      from: 'route',
      to: 'do-it',
      kind: 'depends_on',
      choices: ["state.x == '<b>' and state.y"],
    })
  })

  test.each(['mermaid', 'dot', 'pnml', 'ascii'] as const)('%s stays one line a thing, whatever ids are', (format) => {
    const odd = ['x"]; click x', '<script>', 'a\u202eb', '\u0085', '-->', 'x'.repeat(120), 'end', 'END'].map((id) =>
      JSON.stringify(id).replaceAll('\u202e', String.raw`\u202e`),
    )
    const text = exportGraph(
      planOf(...odd.slice(0, 3).map((id) => tool(id)), ...odd.slice(4).map((id) => tool(id))),
      format,
    )
    expect(text).not.toMatch(/[\u202e\u0085]/)
    if (format !== 'ascii') expect(text).not.toMatch(/x"\]/)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(300)
  })

  test('a wide layer is broken, and cut', () => {
    const text = exportGraph(planOf(...Array.from({ length: 500 }, (_, n) => tool(`step_${n}`))), 'ascii')
    expect(text).toContain('… and 460 more')
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(102)
  })
})
