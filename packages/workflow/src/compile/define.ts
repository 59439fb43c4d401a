import { type CompatName, compatFor } from '../compat/compat.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import type { Source } from '../diagnostics/source.ts'
import type { Definition } from '../plan/plan.ts'
import { checkTextKeys } from '../schema/text-keys.ts'
import { readYaml } from '../yaml/read.ts'

export interface YamlOptions {
  /** Shown in messages. */
  readonly file?: string | null
  /** Read as the Python engine reads; `config.compat` in the text is stronger. Default null. */
  readonly compat?: CompatName
  /** Texts of files that the workflow names for loading, by the name it uses. */
  readonly files?: Definition['files']
}

export interface FromYaml {
  readonly definition: Definition
  readonly warnings: readonly Diagnostic[]
  /** For {@link compileWorkflow}, so that its findings have lines. */
  readonly source: Source
}

/**
 * YAML text → a definition, not yet compiled.
 * @throws {WorkflowError} `yaml/…`, `file/encoding`, `workflow/forbidden-key`, `workflow/schema` for keys that are no text
 */
export function defineFromYaml(
  text: string | Uint8Array,
  { file = null, compat = null, files = {} }: YamlOptions = {},
): FromYaml {
  let asked: CompatName = compat
  const yaml = readYaml(text, {
    file,
    rulesFor: (textAt) => {
      if (textAt(['config', 'compat']) === 'agentloom') asked = 'agentloom'
      return compatFor(asked)
    },
  })
  checkTextKeys(yaml)
  const definition: Definition = { format: 1, workflow: yaml.value, compat: asked, files }
  return { definition, warnings: yaml.warnings, source: yaml.source }
}
