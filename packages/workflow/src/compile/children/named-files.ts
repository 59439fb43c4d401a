import type { Path } from '../../diagnostics/path.ts'
import { isList, isMapping, type Value, type ValueMap } from '../../value/value.ts'

/**
 * Files that a workflow names for loading, itself and in workflows written inside it, each with the place that names it
 * first. As written: nothing is checked yet.
 */
export interface NamedFiles {
  readonly workflows: ReadonlyMap<string, Path>
  readonly responses: ReadonlyMap<string, Path>
}

/** Between the name of a file and the name that it uses for another one: no name of a file has a line break. */
const SEPARATOR = '\n'

interface Found {
  readonly workflows: Map<string, Path>
  readonly responses: Map<string, Path>
}

export function namedFiles(workflow: ValueMap): NamedFiles {
  const found: Found = { workflows: new Map(), responses: new Map() }
  collect(workflow, [], found)
  return found
}

function collect({ config, steps, finally: last }: ValueMap, base: Path, found: Found): void {
  const responses = config !== undefined && isMapping(config) ? config['responses_file'] : null
  if (typeof responses === 'string' && responses !== '' && !found.responses.has(responses)) {
    found.responses.set(responses, [...base, 'config', 'responses_file'])
  }
  for (const [key, list] of [['steps', steps] as const, ['finally', last] as const]) {
    for (const [index, step] of itemsOf(list).entries()) {
      if (!isMapping(step)) continue
      collectStep(step, [...base, key, index], found)
      const { compensate } = step
      if (compensate !== undefined && isMapping(compensate)) {
        collectStep(compensate, [...base, key, index, 'compensate'], found)
      }
    }
  }
}

function collectStep({ type, workflow_path: path, workflow_inline: inline }: ValueMap, at: Path, found: Found): void {
  if (type !== 'subworkflow') return
  if (typeof path === 'string' && path !== '') {
    if (!found.workflows.has(path)) found.workflows.set(path, [...at, 'workflow_path'])
  } else if (inline !== undefined && isMapping(inline)) collect(inline, [...at, 'workflow_inline'], found)
}

function itemsOf(steps: Value | undefined): readonly Value[] {
  return steps !== undefined && isList(steps) ? steps : []
}

type Files = { readonly [name: string]: string }

/** The name under which a file of another file is kept. */
export function nameBelow(file: string, name: string): string {
  return `${file}${SEPARATOR}${name}`
}

/** What belongs to a file, by the names that it uses. */
export function filesBelow(files: Files, file: string): Files {
  const start = file + SEPARATOR
  return pick(files, (name) => (name.startsWith(start) ? name.slice(start.length) : null))
}

/** What belongs to a workflow that is written inside another one, by the same names. */
export function filesOf(files: Files, workflow: ValueMap): Files {
  const { workflows, responses } = namedFiles(workflow)
  return pick(files, (name) => {
    const [first = ''] = name.split(SEPARATOR, 1)
    return workflows.has(first) || responses.has(name) ? name : null
  })
}

function pick(files: Files, rename: (name: string) => string | null): Files {
  const entries = Object.entries(files).flatMap(([name, text]) => {
    const own = rename(name)
    return own === null ? [] : [[own, text] as const]
  })
  return Object.fromEntries(entries)
}
