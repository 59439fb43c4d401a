import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FunctionDefinition, isFunctionDefinition } from '@agentloom/workflow'
import { FunctionModuleError } from './errors.ts'

/** A module that waits longer at its top level waits for something that does not come. */
const MODULE_LOAD_MAX_MS = 30_000
/** Lines of an error inside a module that are repeated: what is wrong, not where Node was. */
const MESSAGE_LINES_MAX = 3

/**
 * The functions that modules export, each once. Code of the modules runs.
 * @param paths relative to the working directory
 * @throws {FunctionModuleError} `function/module`, `function/none`, `function/twice`, `function/module-timeout`
 */
export async function loadFunctions(paths: readonly string[]): Promise<readonly FunctionDefinition[]> {
  const found = new Map<string, { readonly definition: FunctionDefinition; readonly file: string }>()
  for (const file of paths) {
    const definitions = Object.values(await load(file)).filter(isFunctionDefinition)
    if (definitions.length === 0) {
      const help = 'export what defineFunction returns; each export is registered by its name'
      throw new FunctionModuleError('function/none', `${file} exports no function made by defineFunction`, {
        file,
        help,
      })
    }
    for (const definition of definitions) {
      const other = found.get(definition.name)
      if (other !== undefined && other.definition !== definition) throw twice(definition.name, other.file, file)
      found.set(definition.name, { definition, file })
    }
  }
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

function twice(name: string, first: string, second: string): FunctionModuleError {
  const where = first === second ? first : `${first} and ${second}`
  const help = 'give one of them another name; a worker could not tell which is meant'
  return new FunctionModuleError('function/twice', `two functions are named ${name}, in ${where}`, {
    file: second,
    help,
  })
}
