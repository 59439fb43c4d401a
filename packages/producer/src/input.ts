import { AgentloomError, type Workflow } from '@agentloom/workflow'

/** The input is not what the workflow declares. */
export class InputError extends AgentloomError {
  override readonly name = 'InputError'
  readonly code = 'run/bad-input'
  readonly retryable = false
  override readonly place: string
  constructor(workflow: string, path: readonly PropertyKey[], message: string) {
    super(`input of ${workflow}: ${message}`)
    this.place = ['input', ...path.map(String)].join('.')
  }
}

/** The input with defaults filled in. @throws {InputError} */
export function checkInput<Input>(workflow: Workflow<Input>, input: unknown): unknown {
  if (workflow.input === null) return input
  const parsed = workflow.input.safeParse(input ?? {})
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new InputError(workflow.name, issue?.path ?? [], issue?.message ?? 'unreadable')
}
