import { type Compiled, compileWorkflow } from './compile.ts'
import { defineFromYaml, type YamlOptions } from './define.ts'

/** YAML text → a plan, with the definition that it was compiled from. Throws as `defineFromYaml` and `compileWorkflow` do. */
export function compileYaml(text: string | Uint8Array, options: YamlOptions = {}): Compiled {
  const { definition, warnings, source } = defineFromYaml(text, options)
  return compileWorkflow(definition, { source, warnings })
}
