import { dirname, resolve } from 'node:path'
import type { CompatName } from '../compat/compat.ts'
import { defineFromYaml, type FromYaml } from '../compile/from-yaml.ts'
import { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import { isMapping, type ValueMap } from '../value/value.ts'
import { FileError } from './errors.ts'
import { isMissing, readRegularFile } from './read-file.ts'

/** Bytes of a workflow file: some 10,000 steps. What is larger was generated, and belongs into the builder. */
export const WORKFLOW_BYTES_MAX = 1_048_576
/** Bytes of a file of recorded answers; it travels with the definition. */
export const RESPONSES_BYTES_MAX = 8_388_608

export interface LoadOptions {
  /** The run's folder: where `responses_file` is looked for after the workflow file's own folder. */
  readonly cwd: string
  /** As for `defineFromYaml`. */
  readonly compat?: CompatName
}

/**
 * Reads a workflow file, and the responses file that it names, into a definition ready for `compileWorkflow`.
 * A responses file that does not exist is a warning: the mock then answers as if it had none.
 * @param path relative to `cwd`
 * @throws {FileError} `file/…` for either file
 * @throws {WorkflowError} as `defineFromYaml` does
 */
export async function loadWorkflowFile(path: string, { cwd, compat = null }: LoadOptions): Promise<FromYaml> {
  // An empty path is no name for the folder.
  const full = path === '' ? '' : resolve(cwd, path)
  const bytes = await readRegularFile(full, WORKFLOW_BYTES_MAX, path)
  const loaded = defineFromYaml(bytes, { file: path, compat })
  const name = responsesFile(loaded.definition.workflow)
  if (name === null) return loaded
  const responses = await firstOf([resolve(dirname(full), name), resolve(cwd, name)])
  if (responses === null) {
    const findings = new Findings(loaded.source)
    const message = `there is no file '${shown(name)}'; the mock answers as if none was named`
    findings.warn('file/missing', ['config', 'responses_file'], message)
    return { ...loaded, warnings: [...loaded.warnings, ...findings.warnings] }
  }
  return { ...loaded, definition: { ...loaded.definition, files: { [name]: responses } } }
}

/** What is no text there the schema refuses later. */
function responsesFile({ config }: ValueMap): string | null {
  const name = config !== undefined && isMapping(config) ? config['responses_file'] : null
  return typeof name === 'string' && name !== '' ? name : null
}

async function firstOf(paths: readonly string[]): Promise<string | null> {
  for (const path of new Set(paths)) {
    try {
      const bytes = await readRegularFile(path, RESPONSES_BYTES_MAX)
      return decoded(bytes, path)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
  }
  return null
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileError('file/encoding', `${shown(path)} is not UTF-8`, { path, help: 'save the file as UTF-8' })
  }
}
