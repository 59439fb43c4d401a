import { compileYaml, type Plan } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { decide, mergeVerdicts, nodeAt, NO_VERDICTS, verdictsFor, type Outcome } from './verdicts.ts'

/** Runs a graph of steps that all succeed but for what is said of them; answers the steps that were skipped. */
function skipped(steps: string, outcomes: { readonly [id: string]: Outcome }, compat: 'agentloom' | null): string[] {
  const { plan } = compileYaml(`name: t\nsteps:\n${steps}`, { compat })
  const resolved = new Map<string, Outcome>()
  for (const node of plan.nodes) {
    let verdicts = NO_VERDICTS
    for (const index of node.sources) {
      const source = nodeAt(plan, index)
      const edge = { to: node.index, isExplicit: node.dependsOn.includes(index) }
      verdicts = mergeVerdicts(verdicts, verdictsFor(plan, source, outcomeOf(resolved, source.id), edge, node))
    }
    const decision = decide(plan, verdicts, node.step.join)
    resolved.set(
      node.id,
      decision.run
        ? (outcomes[node.id] ?? { kind: 'success', target: targetOf(plan, node.id) })
        : { kind: 'skipped', cause: decision.cause },
    )
  }
  return [...resolved].flatMap(([id, { kind }]) => (kind === 'skipped' ? [id] : []))
}

function outcomeOf(resolved: ReadonlyMap<string, Outcome>, id: string): Outcome {
  const outcome = resolved.get(id)
  if (outcome === undefined) throw new Error(`${id} is decided before its sources`)
  return outcome
}

function targetOf(plan: Plan, id: string): string | null {
  const step = plan.byId.get(id)?.step
  return step?.type === 'router' ? step.defaultTarget : null
}

const tool = (id: string, dependsOn: string) =>
  `  - {id: ${id}, type: tool, tool_name: t, depends_on: [${dependsOn}]}\n`
const router = (id: string, target: string, dependsOn = '') =>
  `  - {id: ${id}, type: router, default: ${target}, depends_on: [${dependsOn}]}\n`
const gate = (id: string, dependsOn = '') => `  - {id: ${id}, type: approval_gate, depends_on: [${dependsOn}]}\n`

test.each<{ of: string; steps: string; outcomes?: { [id: string]: Outcome }; plain: string[]; compat: string[] }>([
  {
    of: 'a step that one router chose and a later one did not (case 148)',
    steps:
      router('r1', 'late') +
      tool('x', '') +
      router('r2', 'c', 'x') +
      tool('late', 'r1, r2') +
      tool('c', 'r2') +
      tool('d', 'late'),
    plain: [],
    compat: ['late', 'd'],
  },
  {
    of: 'a step that a later router knows nothing of; what comes behind it runs (X1)',
    steps:
      router('r1', 'late') +
      tool('x', '') +
      router('r2', 'c', 'x') +
      tool('y', '') +
      tool('y2', 'y') +
      tool('late', 'r1, y2') +
      tool('c', 'r2') +
      tool('after', 'late'),
    plain: [],
    compat: ['late'],
  },
  {
    of: 'two routers of one layer share their choices (case 147)',
    steps: router('r1', 'both') + router('r2', 'other') + tool('both', 'r1, r2') + tool('other', 'r2'),
    plain: [],
    compat: [],
  },
  {
    of: 'a router between that has no say: the step does not depend on routers',
    steps: router('r1', 'a') + tool('a', 'r1') + tool('x', '') + tool('y', 'x'),
    plain: [],
    compat: [],
  },
  {
    of: 'dependents of a step that ran out of time (case 194)',
    steps: tool('slow', '') + tool('next', 'slow'),
    outcomes: { slow: { kind: 'timeout' } },
    plain: ['next'],
    compat: [],
  },
  {
    of: 'dependents of a step that failed',
    steps: tool('bad', '') + tool('next', 'bad'),
    outcomes: { bad: { kind: 'failed' } },
    plain: ['next'],
    compat: ['next'],
  },
  {
    of: 'what is further down a branch that was not chosen, behind a gate (case 265)',
    steps: router('r', 'ok') + gate('ok', 'r') + tool('not', 'r') + tool('below', 'not') + tool('deep', 'below'),
    plain: ['not', 'below', 'deep'],
    compat: ['not'],
  },
  {
    of: 'what is further down a branch, before the gate',
    steps: router('r', 'a') + tool('a', 'r') + tool('not', 'r') + tool('below', 'not') + gate('ok', 'a'),
    plain: ['not', 'below'],
    compat: ['not', 'below'],
  },
])('skips $of', ({ steps, outcomes = {}, plain, compat }) => {
  expect(skipped(steps, outcomes, null).toSorted()).toEqual(plain.toSorted())
  expect(skipped(steps, outcomes, 'agentloom').toSorted()).toEqual(compat.toSorted())
})
