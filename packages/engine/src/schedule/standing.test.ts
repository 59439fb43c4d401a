import { compileYaml } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { foldSteps } from '../fold/step-fold.ts'
import { type JournalRecord, NO_USAGE } from '../journal/record.ts'
import { failureCause, routingCause } from './cause.ts'
import { outcomeOf, standingOf } from './standing.ts'
import { nodeOf, NO_VERDICTS } from './verdicts.ts'

const { plan } = compileYaml(`
name: t
steps:
  - {id: r, type: router, default: a}
  - {id: f, type: function, handler: x, output: k}
  - {id: a, type: function, handler: x, depends_on: [r, f]}
  - {id: b, type: function, handler: x, depends_on: [r]}
  - {id: c, type: function, handler: x, depends_on: [b], input: {n: state.k}}
`)

const committed = (stepId: string, output: string): JournalRecord => ({
  kind: 'committed',
  atMs: 1,
  stepId,
  epoch: 1,
  usage: NO_USAGE,
  output,
})
const failed = (stepId: string, status: 'failed' | 'timeout'): JournalRecord => ({
  kind: 'failed',
  atMs: 1,
  stepId,
  epoch: 1,
  status,
  error: { code: 'a/b', message: '', place: null, help: null },
  usage: NO_USAGE,
  retryAtMs: null,
})

function standing(stepId: string, records: readonly JournalRecord[]) {
  const folds = foldSteps('run', records)
  return standingOf(plan, nodeOf(plan, stepId), (node) => outcomeOf(node, folds.get(node.id)))
}

test('a counter is what the outcomes of the sources say', () => {
  const chose = { cause: null, voted: 0, chosen: true, admitted: true }
  expect(standing('a', [])).toEqual({ edgeCount: 0, verdicts: NO_VERDICTS })
  expect(standing('a', [committed('r', '"a"')])).toEqual({ edgeCount: 1, verdicts: chose })
  expect(standing('a', [committed('r', '"b"')]).verdicts).toEqual({ ...NO_VERDICTS, voted: 0 })
  expect(standing('a', [committed('r', '"a"'), committed('f', '"a"')])).toEqual({ edgeCount: 2, verdicts: chose })
  // The text of a function is no choice.
  expect(standing('a', [committed('f', '"a"')]).verdicts).toEqual({ ...NO_VERDICTS, admitted: true })
})

test.each(['failed', 'timeout'] as const)('a source that %s speaks against its dependents alone', (status) => {
  const cause = failureCause(plan, nodeOf(plan, 'f'))
  expect(standing('a', [failed('f', status)])).toEqual({ edgeCount: 1, verdicts: { ...NO_VERDICTS, cause } })
  // An edge of data only orders.
  expect(standing('c', [failed('f', status)])).toEqual({ edgeCount: 1, verdicts: NO_VERDICTS })
})

test('a skip is handed on with its cause; what is not resolved says nothing', () => {
  const cause = routingCause(plan, 0)
  expect(standing('c', [{ kind: 'skipped', atMs: 1, stepId: 'b', cause }])).toEqual({
    edgeCount: 1,
    verdicts: { ...NO_VERDICTS, cause },
  })
  expect(standing('c', [{ kind: 'claimed', atMs: 1, stepId: 'b', epoch: 1, worker: 'w' }])).toEqual({
    edgeCount: 0,
    verdicts: NO_VERDICTS,
  })
})
