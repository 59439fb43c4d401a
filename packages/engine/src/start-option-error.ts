import { AgentloomError } from '@agentloom/workflow'

/**
 * What somebody asked of START cannot be. `run/bad-input`: of the fields that the workflow declares under `inputs`;
 * `run/concurrency-key`: `config.concurrency.key` cannot be made of state and input.
 */
export class StartOptionError extends AgentloomError {
  override readonly name = 'StartOptionError'
  readonly code: 'run/bad-option' | 'run/bad-input' | 'run/input-too-large' | 'run/concurrency-key'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null
  constructor(
    option: string,
    message: string,
    {
      code = 'run/bad-option',
      help = null,
    }: { readonly code?: StartOptionError['code']; readonly help?: string | null } = {},
  ) {
    super(`${option}: ${message}`)
    this.code = code
    this.place = option
    this.help = help
  }
}
