import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { AgentloomError, compileWorkflow, type Diagnostic, type Plan } from '@agentloom/workflow'
import { loadWorkflowFile } from '@agentloom/workflow/node'

/** Workflows of one folder; a thousand are a minute of compiling. */
const FILES_MAX = 1_000
const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml'])

/** The folder of workflows cannot be used. */
export class WorkflowFolderError extends AgentloomError {
  override readonly name = 'WorkflowFolderError'
  readonly code: 'config/workflows' | 'workflow/name-twice'
  readonly retryable = false
  override readonly place: string
  override readonly help: string
  constructor(
    code: WorkflowFolderError['code'],
    message: string,
    at: { readonly place: string; readonly help: string },
  ) {
    super(message)
    this.code = code
    this.place = at.place
    this.help = at.help
  }
}

export interface WorkflowFolder {
  /** By the name that the file gives its workflow. */
  readonly plans: ReadonlyMap<string, Plan>
  readonly warnings: readonly Diagnostic[]
}

/**
 * Compiles every `.yaml` and `.yml` file of a folder; folders in it are not entered, and no file names one outside of it.
 * @throws {WorkflowFolderError} `config/workflows`, `workflow/name-twice`
 * @throws {WorkflowError} for the first file that does not compile @throws {FileError} `file/…`
 */
export async function loadWorkflowFolder(folder: string): Promise<WorkflowFolder> {
  const plans = new Map<string, Plan>()
  const fileOf = new Map<string, string>()
  const warnings: Diagnostic[] = []
  for (const file of await filesIn(folder)) {
    const loaded = await loadWorkflowFile(join(folder, file), { cwd: process.cwd(), root: folder })
    const compiled = compileWorkflow(loaded.definition, { source: loaded.source, warnings: loaded.warnings })
    const { name } = compiled.plan
    const other = fileOf.get(name)
    if (other !== undefined) {
      const help = 'give one of them another name; a run names its workflow'
      throw new WorkflowFolderError('workflow/name-twice', `two workflows are named ${name}: ${other} and ${file}`, {
        place: join(folder, file),
        help,
      })
    }
    plans.set(name, compiled.plan)
    fileOf.set(name, file)
    warnings.push(...compiled.warnings)
  }
  return { plans, warnings }
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const help = 'give --workflows a folder with .yaml files'
  let names: readonly string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'EIO'
    throw new WorkflowFolderError('config/workflows', `the folder ${folder} cannot be listed (${code})`, {
      place: folder,
      help,
    })
  }
  const files = names.filter((name) => EXTENSIONS.has(extname(name)) && !name.startsWith('.')).toSorted()
  if (files.length === 0)
    throw new WorkflowFolderError('config/workflows', `no workflow file is in ${folder}`, { place: folder, help })
  if (files.length > FILES_MAX)
    throw new WorkflowFolderError('config/workflows', `more than ${FILES_MAX} workflow files are in ${folder}`, {
      place: folder,
      help,
    })
  return files
}
