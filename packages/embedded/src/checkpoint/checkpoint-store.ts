import type { LoadedRun, RunHeader } from '@agentloom/engine'
import type { AgentloomError } from '@agentloom/workflow'

/** A run as its checkpoint holds it. */
export interface Checkpoint extends LoadedRun {
  readonly definitionText: string
}

export interface CheckpointList {
  readonly headers: readonly RunHeader[]
  /** Files that could not be read; the others are listed all the same. */
  readonly bad: readonly { readonly file: string; readonly error: AgentloomError }[]
}
