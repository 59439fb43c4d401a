import { extname } from 'node:path'
import { exportGraph, type GraphFormat } from '@agentloom/workflow'
import { surroundingsOf } from '../command-line/surroundings.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { Io } from '../io/io.ts'
import type { Ending } from '../run/ending.ts'
import { printableLines } from '../terminal/printable.ts'
import { loadPlan } from './load.ts'
import { writeOutput } from './write-output.ts'

export interface VisualizeOptions {
  readonly format?: GraphFormat
  readonly output?: string
  readonly orderEdges?: true
  readonly json?: true
  readonly compat?: 'agentloom'
}

const FORMAT_OF: { readonly [ending: string]: GraphFormat } = {
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.md': 'mermaid',
  '.dot': 'dot',
  '.gv': 'dot',
  '.pnml': 'pnml',
  '.json': 'json',
}

/** What `visualize` does. */
export async function visualizeFile(file: string, options: VisualizeOptions, surrounding: Io): Promise<Ending> {
  const { output, orderEdges = false, compat } = options
  const { io, settings } = await surroundingsOf(surrounding, {})
  const format = formatOf(options)
  const asked = compat ?? settings.AGENTLOOM_COMPAT ?? null
  const { plan } = await loadPlan({ file, cwd: io.cwd(), compat: asked, settings, overrides: {} })
  const text = exportGraph(plan, format, { hasOrderEdges: orderEdges, columns: Math.max(60, io.stdout.columns) })
  // In a document Mermaid is a fenced block; a file of its own holds nothing else.
  const isFenced = format === 'mermaid' && (output === undefined || extname(output) === '.md')
  const written = isFenced ? `\`\`\`mermaid\n${text}\`\`\`\n` : text
  if (output === undefined) io.stdout.write(printableLines(written))
  else await writeOutput(output, written, io.cwd())
  return { code: 0 }
}

function formatOf({ format, output, json }: VisualizeOptions): GraphFormat {
  if (json === true && format !== undefined && format !== 'json')
    throw new UsageError(`'--json' and '--format ${format}' contradict each other.`)
  if (json === true) return 'json'
  return format ?? FORMAT_OF[extname(output ?? '').toLowerCase()] ?? 'ascii'
}
