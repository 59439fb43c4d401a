import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isTool, type Tool } from '@agentloom/tools'
import { type FunctionDefinition, isFunctionDefinition } from '@agentloom/workflow'
import { FunctionModuleError } from './errors.ts'

/** A module that waits longer at its top level waits for something that does not come. */
const MODULE_LOAD_MAX_MS = 30_000
/** Lines of an error inside a module that are repeated: what is wrong, not where Node was. */
const MESSAGE_LINES_MAX = 3

/** What a worker can run, each name once. */
export interface Handlers {
  readonly functions: readonly FunctionDefinition[]
  readonly tools: readonly Tool[]
}

/**
 * The functions and tools that modules export, each once. Code of the modules runs.
 * @param paths relative to the working directory
 * @throws {FunctionModuleError} `function/module`, `function/none`, `function/twice`, `function/module-timeout`
 */
export async function loadHandlers(paths: readonly string[]): Promise<Handlers> {
  const functions = new Map<string, Found<FunctionDefinition>>()
  const tools = new Map<string, Found<Tool>>()
  for (const file of paths) {
    const exported = Object.values(await load(file))
    const [ownFunctions, ownTools] = [exported.filter(isFunctionDefinition), exported.filter(isTool)]
    if (ownFunctions.length + ownTools.length === 0) throw none(file)
    for (const definition of ownFunctions) add(functions, { definition, file }, 'functions')
    for (const definition of ownTools) add(tools, { definition, file }, 'tools')
  }
  return { functions: definitionsOf(functions), tools: definitionsOf(tools) }
}

interface Found<Definition> {
  readonly definition: Definition
  readonly file: string
}

function add<Definition extends { readonly name: string }>(
  known: Map<string, Found<Definition>>,
  found: Found<Definition>,
  kind: 'functions' | 'tools',
): void {
  const { name } = found.definition
  const other = known.get(name)
  if (other !== undefined && other.definition !== found.definition) throw twice(kind, name, [other.file, found.file])
  known.set(name, found)
}

function definitionsOf<Definition>(found: ReadonlyMap<string, Found<Definition>>): readonly Definition[] {
  return [...found.values()].map(({ definition }) => definition)
}

async function load(file: string): Promise<object> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const help = 'do not wait at the top level of the module; connect when a function first needs it'
    reject(
      new FunctionModuleError(
        'function/module-timeout',
        `${file} was not loaded within ${MODULE_LOAD_MAX_MS / 1_000} s`,
        { file, help },
      ),
    )
  }, MODULE_LOAD_MAX_MS)
  try {
    const module: unknown = await Promise.race([import(pathToFileURL(resolve(file)).href), late])
    return typeof module === 'object' && module !== null ? module : {}
  } catch (error) {
    if (error instanceof FunctionModuleError) throw error
    const help = 'check the path, and that Node can import the module (TypeScript with erasable syntax only)'
    throw new FunctionModuleError('function/module', `${file} cannot be loaded: ${shortly(error)}`, {
      file,
      help,
      cause: error,
    })
  } finally {
    clearTimeout(timer)
  }
}

function shortly(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return text.split('\n').slice(0, MESSAGE_LINES_MAX).join('\n')
}

function none(file: string): FunctionModuleError {
  const help = 'export what defineFunction and defineTool return; each export is registered by its name'
  return new FunctionModuleError('function/none', `${file} exports no function made by defineFunction, and no tool`, {
    file,
    help,
  })
}

function twice(kind: string, name: string, [first, second]: readonly [string, string]): FunctionModuleError {
  const where = first === second ? first : `${first} and ${second}`
  const help = 'give one of them another name; a worker could not tell which is meant'
  return new FunctionModuleError('function/twice', `two ${kind} are named ${name}, in ${where}`, {
    file: second,
    help,
  })
}
