import type { Plan } from '@agentloom/workflow'
import type { Io } from '../io/io.ts'
import { noView, runView, type RunView } from '../terminal/run-view.ts'
import type { JsonShape } from './conclude.ts'

/** Steps are told where the result goes; with `--json` that is a program's, so they go to a watching terminal or nowhere. */
export function viewFor(plan: Plan, json: JsonShape, io: Io): RunView {
  const now = (): number => performance.now()
  if (json === 'none') return runView(plan, io.stdout, now)
  return io.stderr.isTerminal ? runView(plan, io.stderr, now) : noView
}
