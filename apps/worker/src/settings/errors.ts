import { AgentloomError } from '@agentloom/workflow'

/** A flag, a variable of the environment, or a file of settings says something that cannot be meant. */
export class SettingError extends AgentloomError {
  override readonly name = 'SettingError'
  readonly code:
    | 'config/option'
    | 'config/environment'
    | 'config/floor-file'
    | 'config/pricing-file'
    | 'config/no-redis'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null
  constructor(code: SettingError['code'], message: string, at: { readonly place: string; readonly help?: string }) {
    super(message)
    this.code = code
    this.place = at.place
    this.help = at.help ?? null
  }
}
