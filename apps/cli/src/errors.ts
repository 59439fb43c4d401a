import { AgentloomError } from '@agentloom/workflow'

export type CliErrorCode =
  | 'config/environment'
  | 'config/working-directory'
  | 'config/pricing-file'
  | 'input/state'
  | 'input/state-file'
  | 'output/unwritten'
  | 'provider/none'
  | 'run/not-found'
  | 'run/over'
  | 'run/live'
  | 'run/exists'
  | 'run/decision-refused'
  | 'run/signal-refused'
  | 'input/payload'

/** What only the command line can find wrong. */
export class CliError extends AgentloomError {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly retryable = false
  override readonly place: string | null
  override readonly help: string | null
  constructor(
    code: CliErrorCode,
    message: string,
    { place = null, help = null }: { place?: string | null; help?: string | null } = {},
  ) {
    super(message)
    this.code = code
    this.place = place
    this.help = help
  }
}
