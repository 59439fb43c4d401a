/**
 * Answers that must be JSON of a given shape. The schema is a stranger's and the answer a model's: the check runs with a time limit,
 * because a pattern or a long list can take for ever.
 */
import { createContext, runInContext } from 'node:vm'
import {
  AgentloomError,
  parseValue,
  toPlain,
  ValueError,
  writeValue,
  type LlmStep,
  type Value,
  type ValueMap,
} from '@agentloom/workflow'
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'

/** Honest checks take a few; beyond it a pattern has gone astray. Nothing else runs meanwhile. */
const CHECK_MS_MAX = 500
/** What a model can mend at once. */
const ISSUES_MAX = 5
const ISSUE_CHARACTERS_MAX = 300

/** An answer does not fit the step's `output_schema`, or nothing can: `retryable` where another answer may. */
export class OutputSchemaError extends AgentloomError {
  override readonly name = 'OutputSchemaError'
  readonly code = 'step/output-schema'
  readonly retryable: boolean
  override readonly help: string | null
  constructor(message: string, options: { readonly retryable: boolean; readonly help?: string }) {
    super(message)
    this.retryable = options.retryable
    this.help = options.help ?? null
  }
}

export type StructuredAnswer =
  | { readonly output: Value }
  /** `correction`: what the model is told, once. */
  | { readonly correction: string; readonly error: OutputSchemaError }

/** @throws {OutputSchemaError} nothing can be checked against the schema */
export function structuredAnswer(step: LlmStep, schema: ValueMap, text: string): StructuredAnswer {
  const refuse = (problem: string): StructuredAnswer => ({
    correction: `Your answer cannot be used: ${problem}. Answer again, with the corrected JSON and nothing else.`,
    error: new OutputSchemaError(`Step '${step.id}': the answer does not fit output_schema: ${problem}`, {
      retryable: true,
      help: 'say in the prompt what is to be answered, or make the schema wider',
    }),
  })
  let output: Value
  try {
    output = parseValue(withoutFence(text))
  } catch (error) {
    if (error instanceof ValueError) return refuse(`it is ${error.message}`)
    throw error
  }
  const issues = check(step, schema, output)
  return issues.length === 0 ? { output } : refuse(issues.map(issueText).join('; '))
}

/** What is added to the system prompt. */
export function schemaInstruction(schema: ValueMap): string {
  return `Answer with JSON and nothing else. It must be valid against this JSON Schema:\n${writeValue(schema)}`
}

/** Models like to wrap JSON in a fence of Markdown. */
function withoutFence(text: string): string {
  const trimmed = text.trim()
  const lineEnd = trimmed.indexOf('\n')
  if (!trimmed.startsWith('```') || !trimmed.endsWith('```') || lineEnd === -1) return trimmed
  return trimmed.slice(lineEnd + 1, -3).trim()
}

function check(step: LlmStep, schema: ValueMap, output: Value): readonly OutputUnit[] {
  const run = (): readonly OutputUnit[] => {
    const validator = new Validator(toPlain(schema) as Schema, '2020-12', false) // its own copy: it writes into it
    return validator.validate(toPlain(output)).errors
  }
  try {
    const found: readonly OutputUnit[] = runInContext('run()', createContext({ run }), { timeout: CHECK_MS_MAX })
    const telling = found.filter(isTelling)
    return (telling.length > 0 ? telling : found).slice(0, ISSUES_MAX)
  } catch (error) {
    const isTooSlow = Error.isError(error) && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
    const reason = isTooSlow ? `the check takes longer than ${CHECK_MS_MAX} ms` : describe(error)
    throw new OutputSchemaError(`Step '${step.id}': output_schema cannot be used: ${reason}`, {
      retryable: false,
      help: isTooSlow ? 'use simpler patterns in output_schema' : 'output_schema must be a JSON Schema (2020-12)',
    })
  }
}

/** An object's or a list's complaint that something in it is wrong is followed by what it is. */
function isTelling({ keyword }: OutputUnit): boolean {
  return !CONTAINERS.has(keyword)
}

const CONTAINERS: ReadonlySet<string> = new Set(['properties', 'items', 'prefixItems', '$ref', 'allOf', 'false'])

function issueText({ instanceLocation, error }: OutputUnit): string {
  return `${instanceLocation}: ${error}`.slice(0, ISSUE_CHARACTERS_MAX).toWellFormed()
}

function describe(error: unknown): string {
  return Error.isError(error) ? String(error.message) : String(error)
}
