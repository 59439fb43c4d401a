import { AgentloomError } from '@agentloom/workflow'

/** The server may not be reached by others without a key that nobody can guess. */
export class ApiKeyError extends AgentloomError {
  override readonly name = 'ApiKeyError'
  readonly code: 'server/no-api-key' | 'server/weak-api-key'
  readonly retryable = false
  override readonly place = 'AGENTLOOM_API_KEY'
  override readonly help =
    'set AGENTLOOM_API_KEY to 16 characters or more at random (openssl rand -hex 24), or bind 127.0.0.1'
  constructor(code: ApiKeyError['code'], message: string) {
    super(message)
    this.code = code
  }
}
