import { resolve } from 'node:path'
import type { CompatName } from '../compat/compat.ts'
import { defineFromYaml, type FromYaml } from '../compile/define.ts'
import { Attachments } from './attachments.ts'
import { readRegularFile } from './read-file.ts'

/** Bytes of a workflow file: some 10,000 steps. What is larger was generated, and belongs into the builder. */
export const WORKFLOW_BYTES_MAX = 1_048_576

export interface LoadOptions {
  /** The run's folder: where files that a workflow names are looked for after the folder of the file that names them. */
  readonly cwd: string
  /** As for `defineFromYaml`. */
  readonly compat?: CompatName
  /** Nothing outside of this folder is read, links followed; default: anything may be. For workflows of others. */
  readonly root?: string | null
}

/**
 * Reads a workflow file, and the files that it names for loading (`workflow_path`, at any depth, and `responses_file`), into a
 * definition ready for `compileWorkflow`. A responses file that does not exist is a warning: the mock then answers as if it
 * had none. A sub-workflow's file that does not exist is left out, and refused by `compileWorkflow`; one that cannot be read
 * is a warning, and its step fails.
 * @param path relative to `cwd`
 * @throws {FileError} `file/…` for the workflow's own file and its responses file, `file/outside-root` for any
 * @throws {WorkflowError} as `defineFromYaml` does; `workflow/recursion` for a file that includes itself
 */
export async function loadWorkflowFile(
  path: string,
  { cwd, compat = null, root = null }: LoadOptions,
): Promise<FromYaml> {
  // An empty path is no name for the folder.
  const full = path === '' ? '' : resolve(cwd, path)
  const attachments = await Attachments.of(full, { cwd, root })
  const bytes = await readRegularFile(full, WORKFLOW_BYTES_MAX, path)
  const loaded = defineFromYaml(bytes, { file: path, compat })
  const { files, warnings } = await attachments.collect(loaded)
  return {
    ...loaded,
    warnings: [...loaded.warnings, ...warnings],
    definition: { ...loaded.definition, files },
  }
}
