import { AgentloomError, type ErrorInfo } from '@agentloom/workflow'

/** The child run of a sub-workflow step ended otherwise than well; its error is the step's. */
export class ChildRunError extends AgentloomError {
  override readonly name = 'ChildRunError'
  readonly code: AgentloomError['code']
  readonly retryable: boolean
  override readonly place: string
  override readonly help: string | null
  /** JSON text of what the child leaves all the same. */
  readonly output: string

  constructor(
    runId: string,
    error: ErrorInfo | null,
    { output, retryable }: { readonly output: string; readonly retryable: boolean },
  ) {
    super(error?.message ?? `the child run ${runId} did not succeed`)
    this.code = isCode(error?.code) ? error.code : 'subworkflow/failed'
    this.place = `run ${runId}`
    this.help = error?.help ?? null
    this.output = output
    this.retryable = retryable
  }
}

function isCode(code: string | undefined): code is AgentloomError['code'] {
  return code !== undefined && /^[^/]+\/[^/]+$/.test(code)
}
