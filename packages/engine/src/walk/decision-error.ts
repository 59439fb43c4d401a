import { AgentloomError } from '@agentloom/workflow'
import type { DecisionRefusal } from './decide-gate.ts'
import type { ResumeTreeOptions, ResumeTreeReply } from './run-tree-verbs.ts'

const SAID: Readonly<Record<DecisionRefusal['reason'], string>> = {
  'unknown-run': 'there is no such run',
  'run-over': 'the run is over',
  'not-waiting': 'the step does not wait for a decision',
  decided: 'it was decided otherwise before',
  'no-gate': 'there is no such gate',
}

/** A decision could not be given: see `reason` and `gates`. */
export class DecisionRefusedError extends AgentloomError {
  override readonly name = 'DecisionRefusedError'
  readonly code = 'run/decision-refused'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null
  readonly reason: DecisionRefusal['reason']
  /** Full names of the gates that wait. */
  readonly gates: readonly string[]

  constructor(runId: string, path: string | null, { reason, gates }: DecisionRefusal) {
    const isUnnamed = reason === 'no-gate' && path === null
    super(isUnnamed ? (gates.length === 0 ? 'no gate waits' : 'several gates wait') : SAID[reason])
    this.place = path === null ? `run ${runId}` : `run ${runId} · gate ${path}`
    this.help = gates.length === 0 ? null : `waiting: ${gates.slice(0, GATES_SHOWN).join(', ')}`
    this.reason = reason
    this.gates = gates
  }
}

const GATES_SHOWN = 20

/** @throws {DecisionRefusedError} for the first decision of a resume that was refused */
export function checkDecided(
  runId: string,
  { decisions = [] }: Pick<ResumeTreeOptions, 'decisions'>,
  reply: ResumeTreeReply,
): void {
  const { refusal, decided } = reply
  if (refusal !== undefined) throw new DecisionRefusedError(runId, refusal.path, refusal)
  for (const [index, one] of decided.entries())
    if (one.outcome === 'refused') throw new DecisionRefusedError(runId, decisions[index]?.path ?? null, one)
}
