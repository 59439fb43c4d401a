import { Option, type Command } from 'commander'
import type { GateDecision } from '@agentloom/engine'
import { CliError } from '../errors.ts'
import { UsageError } from './usage-error.ts'
import { textOption } from './options.ts'

/** What `--approve`, `--reject` and `--step` gave: a gate's full name, or true where it follows the option without one. */
export interface DecisionOptions {
  readonly approve?: readonly (string | true)[]
  readonly reject?: readonly (string | true)[]
  /** The Python engine's hints name it: the gate for an option without a name. */
  readonly step?: string
}

export function withDecisionOptions(command: Command): Command {
  return command
    .addOption(decisionOption('--approve [gate]', 'approve the gate (default: the only one that waits; repeatable)'))
    .addOption(decisionOption('--reject [gate]', 'reject the gate (default: the only one that waits; repeatable)'))
    .addOption(textOption('--step <gate>', 'the gate, where --approve or --reject names none').hideHelp())
}

function decisionOption(flags: string, description: string): Option {
  return new Option(flags, description)
    .preset(true)
    .argParser((gate: string | true, earlier: readonly (string | true)[] | undefined) => [...(earlier ?? []), gate])
}

/**
 * The decisions, and the run: an option without a name that stands before the run's id has taken that for its own.
 * @throws {UsageError} {CliError}
 */
export function decisionsOf(
  given: string | undefined,
  { approve = [], reject = [], step }: DecisionOptions,
): { readonly runId: string; readonly decisions: readonly GateDecision[] } {
  const all = [
    ...approve.map((gate) => ({ gate, decision: 'approved' })),
    ...reject.map((gate) => ({ gate, decision: 'rejected' })),
  ]
  const only = all[0]
  if (given === undefined && all.length === 1 && only !== undefined && only.gate !== true)
    return { runId: only.gate, decisions: [{ path: step ?? null, decision: only.decision }] }
  if (given === undefined) throw new UsageError("Missing argument 'RUN_ID'.")
  const decisions = all.map(({ gate, decision }) => ({ path: gate === true ? (step ?? null) : gate, decision }))
  if (new Set(decisions.map(({ path }) => path)).size < decisions.length) {
    const message = decisions.every(({ path }) => path === decisions[0]?.path)
      ? 'Cannot use --approve and --reject together.'
      : 'a gate is named twice'
    throw new CliError('run/decision-refused', message, { help: 'one decision a gate' })
  }
  if (step !== undefined && decisions.every(({ path }) => path !== step))
    throw new UsageError("Option '--step' goes with --approve or --reject.")
  return { runId: given, decisions }
}
