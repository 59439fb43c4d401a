import { type Diagnostic, placeOf } from '../../diagnostics/diagnostic.ts'
import { Findings } from '../../diagnostics/findings.ts'
import { type Path, pathText } from '../../diagnostics/path.ts'
import { shown } from '../../diagnostics/shown.ts'
import { WorkflowError } from '../../diagnostics/workflow-error.ts'
import type { Broken, Definition, Plan } from '../../plan/plan.ts'
import type { StepText } from '../../schema/workflow-schema.ts'
import { isMapping, type ValueMap } from '../../value/value.ts'
import { defineFromYaml } from '../define.ts'
import { CHILD_LEVELS_MAX } from '../limits.ts'
import { missingPart } from '../step/parts.ts'
import type { Initial } from '../unknown-references.ts'
import { inherited, type Parent } from './inherit.ts'
import { filesBelow, filesOf } from './named-files.ts'

/** More sub-workflows inside each other than {@link CHILD_LEVELS_MAX}; refuses the whole workflow, wherever it is found. */
export class TooDeep extends Error {}

export interface ChildCompiler extends Parent {
  readonly findings: Findings
  /** 0 for the workflow itself. */
  readonly level: number
  /** What the parent's state has where the child starts. */
  readonly initial: Initial
  compile(
    definition: Definition,
    options: { readonly findings: Findings; readonly level: number; readonly initial: Initial },
  ): Plan
}

interface Read {
  readonly workflow: ValueMap
  readonly files: Definition['files']
  readonly compat: Definition['compat']
  readonly findings: Findings
  readonly warnings: readonly Diagnostic[]
}

/** The plan of a sub-workflow; one that does not load fails its step when it is reached, as the format has it. */
export function childOf(step: StepText, path: Path, parent: ChildCompiler): Plan | Broken {
  const { findings } = parent
  const { workflow_path: file, workflow_inline: inline } = step
  const hasInline = inline !== null && Object.keys(inline).length > 0
  if (!file && !hasInline) return missingPart('workflow_path` or `workflow_inline', path, findings)
  const place = [...path, file ? 'workflow_path' : 'workflow_inline']
  if (file && hasInline) {
    findings.warn('workflow/schema', [...path, 'workflow_inline'], '`workflow_path` is given, so this is not read')
  }
  try {
    const read = file ? readFile(file, place, parent) : readInline(inline ?? {}, place, parent)
    return 'broken' in read ? read : compileChild(read, step, parent)
  } catch (error) {
    if (error instanceof TooDeep && parent.level === 0) return tooDeep(place, findings)
    if (!(error instanceof WorkflowError)) throw error
    const [first] = error.diagnostics
    const where = first === undefined ? null : placeOf(first)
    const what = `${first?.message ?? 'it does not load'}${where === null ? '' : ` (${where})`}`
    return doesNotLoad(`the sub-workflow does not load: ${what}`, place, findings)
  }
}

function compileChild(
  { workflow, files, compat, findings, warnings }: Read,
  step: StepText,
  parent: ChildCompiler,
): Plan {
  if (parent.level + 1 > CHILD_LEVELS_MAX) throw new TooDeep()
  const definition = inherited(
    { workflow, files, compat, isIsolated: step.isolated_state, queue: step.queue ?? null },
    parent,
  )
  const { config } = workflow
  findings.isStrict = config !== undefined && isMapping(config) && config['strict'] === true
  findings.adopt(warnings)
  const given = new Set(Object.keys(step.input ?? {}))
  const initial = step.isolated_state
    ? { keys: given, ids: new Set<string>(), inputKeys: new Set<string>() }
    : { ...parent.initial, keys: new Set([...given, ...parent.initial.keys]) }
  const plan = parent.compile(definition, { findings, level: parent.level + 1, initial })
  parent.findings.adopt(findings.warnings)
  return plan
}

function readFile(file: string, place: Path, { definition, compatName, findings }: ChildCompiler): Read | Broken {
  const text = Object.hasOwn(definition.files, file) ? definition.files[file] : undefined
  if (text === undefined) {
    const message = `there is no file '${shown(file)}'`
    findings.error('workflow/missing-file', place, message, {
      help: 'it is looked for in the folder of this workflow, then in that of the run',
    })
    return broken(message, place)
  }
  if (text === '') {
    return doesNotLoad(`'${shown(file)}' is empty, or could not be read when the workflow was loaded`, place, findings)
  }
  const { definition: child, source, warnings } = defineFromYaml(text, { file, compat: compatName })
  return {
    workflow: child.workflow,
    files: filesBelow(definition.files, file),
    compat: child.compat,
    findings: new Findings(source),
    warnings,
  }
}

function readInline(workflow: ValueMap, place: Path, { definition, compatName, findings }: ChildCompiler): Read {
  return {
    workflow,
    files: filesOf(definition.files, workflow),
    compat: compatName,
    findings: findings.below(place),
    warnings: [],
  }
}

function tooDeep(place: Path, findings: Findings): Broken {
  const message = `sub-workflows inside each other, more than ${CHILD_LEVELS_MAX} levels`
  findings.error('workflow/recursion', place, message)
  return broken(message, place)
}

function doesNotLoad(message: string, place: Path, findings: Findings): Broken {
  findings.warn('subworkflow/load', place, `${message}; the step fails when it is reached`)
  return broken(message, place)
}

function broken(message: string, place: Path): Broken {
  return { broken: { code: 'subworkflow/load', message, place: pathText(place), help: null } }
}
