/**
 * What changes under `compat: agentloom`: 20 switches at most, each with the conformance case that needs it, or the rule. They are turned into
 * fields of the plan, or into the plan's parts, when a workflow is compiled; no other code asks for compat by name.
 */
export interface Compat {
  /** Plain scalars as in YAML 1.1 (cases 074, 075). */
  readonly isYamlOneOne: boolean
  /** A key given twice is no error (case 077). */
  readonly lastKeyWins: boolean
  /** What the Python engine does not know is refused. */
  readonly refusesNewConstructs: boolean

  /** In expressions: a list or mapping of the state equals nothing, not even itself (case 126). */
  readonly containersEqualNothing: boolean
  /** In expressions: `x[-1]` is refused; `x[-1:]` is not (case 127). */
  readonly refusesNegativeIndex: boolean
  /** In expressions: `...`, `b'x'`, `1j` and `\N{NAME}` can be written (case 129). */
  readonly readsStrayLiterals: boolean

  /** A step must have been chosen by a router of each layer that has one among its dependencies, and of the layer before (case 148). */
  readonly everyRouterLayerDecides: boolean
  /** A step that ran out of time neither fails the run nor holds back its dependents (cases 194, 196). */
  readonly timeoutIsNoFailure: boolean
  /** `config.timeout` is read and not enforced (case 201). */
  readonly ignoresRunTimeout: boolean
  /** Behind a gate, steps further down a branch that was not chosen run (case 265). */
  readonly gateForgetsRoutingSkips: boolean

  /** A write that fails leaves behind the mappings on the way (case 173). */
  readonly keepsPartialPaths: boolean
  /** A later write below a step's `output` also shows in the step's own output (case 178). */
  readonly sharesOutputs: boolean
  /** Steps behind a gate see sentinels for what was redacted before it (case 317). */
  readonly gateHidesSecrets: boolean

  /** A child that shares its parent's state has nothing else: neither a state of its own nor `input` (cases 228, 232). */
  readonly sharedChildHasParentsStateOnly: boolean
  /** `input` of a sub-workflow is passed as written (case 231). */
  readonly childInputIsLiteral: boolean
  /** The tools of a child have its parent's sandbox (case 246). */
  readonly childHasParentsSandbox: boolean
  /** A decision for a gate inside a child starts the child again (case 329). */
  readonly decisionRestartsChild: boolean

  /** The time limit that `shell_command` is given is not enforced (case 202). */
  readonly ignoresCommandTimeout: boolean
  /** A step that streams has no tools (steps.md §2.5). */
  readonly streamingDropsTools: boolean
  /** A model may call every registered tool, declared on the step or not (case 293). */
  readonly modelCallsAnyTool: boolean
}

export type CompatName = 'agentloom' | null

/** Better than the reference: what a workflow gets that asks for nothing. */
export const NO_COMPAT: Compat = {
  isYamlOneOne: false,
  lastKeyWins: false,
  refusesNewConstructs: false,
  containersEqualNothing: false,
  refusesNegativeIndex: false,
  readsStrayLiterals: false,
  everyRouterLayerDecides: false,
  timeoutIsNoFailure: false,
  ignoresRunTimeout: false,
  gateForgetsRoutingSkips: false,
  keepsPartialPaths: false,
  sharesOutputs: false,
  gateHidesSecrets: false,
  sharedChildHasParentsStateOnly: false,
  childInputIsLiteral: false,
  childHasParentsSandbox: false,
  decisionRestartsChild: false,
  ignoresCommandTimeout: false,
  streamingDropsTools: false,
  modelCallsAnyTool: false,
}

const AGENTLOOM: Compat = {
  isYamlOneOne: true,
  lastKeyWins: true,
  refusesNewConstructs: true,
  containersEqualNothing: true,
  refusesNegativeIndex: true,
  readsStrayLiterals: true,
  everyRouterLayerDecides: true,
  timeoutIsNoFailure: true,
  ignoresRunTimeout: true,
  gateForgetsRoutingSkips: true,
  keepsPartialPaths: true,
  sharesOutputs: true,
  gateHidesSecrets: true,
  sharedChildHasParentsStateOnly: true,
  childInputIsLiteral: true,
  childHasParentsSandbox: true,
  decisionRestartsChild: true,
  ignoresCommandTimeout: true,
  streamingDropsTools: true,
  modelCallsAnyTool: true,
}

export function compatFor(name: CompatName): Compat {
  return name === 'agentloom' ? AGENTLOOM : NO_COMPAT
}
