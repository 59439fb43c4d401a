import { AgentloomError, renderTemplate, type Plan, type ValueMap } from '@agentloom/workflow'
import type { RunConcurrency } from './ports/journal.ts'
import { StartOptionError } from './start-option-error.ts'

const KEY_CHARACTERS_MAX = 256

/**
 * The concurrency key of a run, from its initial state and input.
 * @throws {StartOptionError} `run/concurrency-key` there is none to be made of them
 */
export function concurrencyOf(plan: Plan, input: ValueMap): RunConcurrency | null {
  const { concurrency } = plan.config
  if (concurrency === null) return null
  const { limit, weight } = concurrency
  return { key: keyOf(concurrency.key, { ...plan.state, ...input }), limit, weight }
}

function keyOf(template: Parameters<typeof renderTemplate>[0], state: ValueMap): string {
  try {
    const key = renderTemplate(template, state)
    if (key !== '' && key.length <= KEY_CHARACTERS_MAX) return key
    throw noKey(key === '' ? 'it is empty' : `it has ${key.length} characters, and may have ${KEY_CHARACTERS_MAX}`)
  } catch (error) {
    if (error instanceof StartOptionError || !(error instanceof AgentloomError)) throw error
    throw noKey(error.message)
  }
}

function noKey(message: string): StartOptionError {
  return new StartOptionError('config.concurrency.key', message, {
    code: 'run/concurrency-key',
    help: 'give the run an input from which the key can be made, or the workflow a value for it in its state',
  })
}
