import { BuilderError } from './errors.ts'

/** A placeholder of the format that names nothing of the state. */
export class Field {
  /** As the format writes it. */
  readonly field: string
  constructor(field: string) {
    this.field = field
  }
}

/** The name of a secret; made by {@link secret}. */
export class Secret extends Field {
  // Only for the type: not every field is a secret.
  declare readonly isSecret: true
}

/** What the text of a notification can tell beside the state. */
export const notification = {
  runId: new Field('{run_id}'),
  stepId: new Field('{step_id}'),
  workflowName: new Field('{workflow_name}'),
} as const

/**
 * A secret of the worker that runs the step, by the name of its environment variable. It may stand in arguments of tools and
 * functions, alone or in a text, and in headers of notifications; it is never stored.
 * @throws {BuilderError} for what is no name of a variable
 */
export function secret(name: string): Secret {
  if (/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) return new Secret(`{secrets.${name}}`)
  throw new BuilderError(`'${name}' cannot be the name of a secret`)
}
