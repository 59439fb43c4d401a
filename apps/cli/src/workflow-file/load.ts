import { lstatSync } from 'node:fs'
import { resolve } from 'node:path'
import { compileWorkflow, parseValue, ValueError, type Compiled, type Source } from '@agentloom/workflow'
import { loadWorkflowFile, FileError, readRegularFile, RESPONSES_BYTES_MAX } from '@agentloom/workflow/node'
import { UsageError } from '../command-line/usage-error.ts'
import type { Settings } from '../settings.ts'
import { printable } from '../terminal/printable.ts'
import { overridden, type Overrides } from './overrides.ts'

export interface LoadWorkflow {
  readonly file: string
  readonly cwd: string
  readonly compat: 'agentloom' | null
  readonly settings: Settings
  readonly overrides: Overrides
  /** What `--state` gives: nothing is said of references to it. */
  readonly inputKeys?: readonly string[]
}

export interface LoadedPlan extends Compiled {
  /** The text of the file, so that more can be said of its lines. */
  readonly source: Source
}

/**
 * A workflow file, compiled with what the command line says in place of it.
 * @throws {UsageError} there is no such file · {FileError} · {WorkflowError}
 */
export async function loadPlan({
  file,
  cwd,
  compat,
  settings,
  overrides,
  inputKeys = [],
}: LoadWorkflow): Promise<LoadedPlan> {
  checkFileArgument(file, cwd)
  const { definition, source, warnings } = await loadWorkflowFile(file, { cwd, compat })
  return { ...compileWorkflow(overridden(definition, overrides, settings), { source, warnings, inputKeys }), source }
}

function checkFileArgument(file: string, cwd: string): void {
  if (file === '' || !isThere(resolve(cwd, file))) {
    const hint = file.includes('\ufffd') ? ' (its name is not UTF-8; rename it)' : ''
    throw new UsageError(`Invalid value for 'WORKFLOW_PATH': Path '${printable(file)}' does not exist${hint}.`)
  }
}

/** A link that leads nowhere is there; reading it says what is wrong. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/**
 * Text of a file of recorded answers.
 * @throws {FileError} `file/…`, also for text that is no JSON object
 */
export async function loadRecorded(
  path: string,
  cwd: string,
): Promise<{ readonly name: string; readonly text: string }> {
  const bytes = await readRegularFile(resolve(cwd, path), RESPONSES_BYTES_MAX)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileError('file/encoding', `${printable(path)} is not UTF-8`, { path })
  }
  return { name: path, text: checkedJson(text, path) }
}

function checkedJson(text: string, path: string): string {
  try {
    const value = parseValue(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return text
    throw new UsageError(`Invalid value for '--mock-responses': ${printable(path)} holds no JSON object.`)
  } catch (error) {
    if (!(error instanceof ValueError)) throw error
    throw new UsageError(`Invalid value for '--mock-responses': ${printable(path)} is ${printable(error.message)}.`)
  }
}
