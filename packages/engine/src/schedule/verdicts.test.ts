import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { failedStepOf, failureCause, routingCause, skipMessage } from './cause.ts'
import { decide, edgesOf, isClean, mergeVerdicts, nodeOf, NO_VERDICTS, type Outcome, verdictsFor } from './verdicts.ts'

const { plan } = compileYaml(`
name: t
steps:
  - {id: r, type: router, default: a}
  - {id: f, type: function, handler: x}
  - {id: a, type: function, handler: x, depends_on: [r, f], input: {n: state.n}}
  - {id: b, type: function, handler: x, depends_on: [r]}
`)

test('causes order by layer, then failure before routing, then by the failed step', () => {
  const causes = [
    failureCause(plan, nodeOf(plan, 'f')),
    failureCause(plan, nodeOf(plan, 'r')),
    routingCause(plan, 0),
    failureCause(plan, nodeOf(plan, 'a')),
  ]
  expect(causes.toSorted((x, y) => x - y)).toEqual(causes)
  expect(failedStepOf(plan, causes[0] ?? 0)?.id).toBe('f')
  expect(failedStepOf(plan, causes[2] ?? 0)).toBeNull()
  expect(skipMessage(plan, causes[3] ?? 0)).toBe('skipped due to upstream failure: a')
  expect(skipMessage(plan, routingCause(plan, 5))).toBeNull()
})

test('a router speaks for the step that it chose and against its other dependents', () => {
  const said = new Map(
    edgesOf(plan, nodeOf(plan, 'r'), { kind: 'success', target: 'a' }).map(({ to, verdicts }) => [to.stepId, verdicts]),
  )
  expect(said.get('a')).toEqual({ cause: null, voted: 0, chosen: true, admitted: true })
  expect(said.get('b')).toEqual({ cause: null, voted: 0, chosen: false, admitted: false })
})

test('nothing against a step lets it run; the smallest cause skips it', () => {
  expect(decide(plan, NO_VERDICTS)).toEqual({ run: true })
  const against = { ...NO_VERDICTS, voted: 0 }
  expect(isClean(against)).toBe(false)
  expect(decide(plan, against)).toEqual({ run: false, cause: routingCause(plan, 0) })
  const failed = { ...NO_VERDICTS, cause: failureCause(plan, nodeOf(plan, 'f')) }
  expect(decide(plan, mergeVerdicts(against, failed))).toEqual({ run: false, cause: failed.cause })
  expect(decide(plan, mergeVerdicts(against, { ...NO_VERDICTS, voted: 2, chosen: true }))).toEqual({ run: true })
})

test('with `join: any` one dependency that is for a step outweighs all against it', () => {
  const joined = compileYaml(`
name: t
steps:
  - {id: ok, type: function, handler: x}
  - {id: bad, type: function, handler: x}
  - {id: r, type: router, default: other}
  - {id: other, type: function, handler: x, depends_on: [r]}
  - {id: j, type: function, handler: x, depends_on: [ok, bad, r], join: any}
`).plan
  const to = nodeOf(joined, 'j')
  const said = (id: string, outcome: Outcome) =>
    verdictsFor(joined, nodeOf(joined, id), outcome, { to: to.index, isExplicit: true }, to)
  const against = mergeVerdicts(said('bad', { kind: 'failed' }), said('r', { kind: 'success', target: 'other' }))
  const withOne = mergeVerdicts(said('ok', { kind: 'success', target: null }), against)
  expect(decide(joined, against, 'any').run).toBe(false)
  expect(decide(joined, withOne, 'any').run).toBe(true)
  expect(decide(joined, withOne, 'all').run).toBe(false)
  const chosen = mergeVerdicts(said('bad', { kind: 'timeout' }), said('r', { kind: 'success', target: 'j' }))
  expect(decide(joined, chosen, 'any').run).toBe(true)
  expect(decide(joined, chosen, 'all').run).toBe(false)
})
