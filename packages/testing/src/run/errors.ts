import { AgentloomError } from '@agentloom/workflow'

/** A test asks for something that its workflow does not have, or leaves out something that it needs. */
export class TestRunError extends AgentloomError {
  override readonly name = 'TestRunError'
  readonly code:
    | 'testing/no-answer'
    | 'testing/no-function'
    | 'testing/no-tool'
    | 'testing/no-attachments'
    | 'testing/unknown-name'
    | 'testing/input'
  readonly retryable = false
  override readonly place: string
  override readonly help: string | null

  constructor(code: TestRunError['code'], message: string, at: { readonly place: string; readonly help?: string }) {
    super(message)
    this.code = code
    this.place = at.place
    this.help = at.help ?? null
  }
}
