import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { textOption } from '../command-line/options.ts'
import type { VisualizeOptions } from '../workflow-file/visualize.ts'

/** Written down again: `--help` must not load the language. */
const FORMATS = ['ascii', 'mermaid', 'dot', 'pnml', 'json'] as const

export function visualizeCommand(act: Act): Command {
  return describedCommand({
    name: 'visualize',
    usage: '[OPTIONS] WORKFLOW_PATH',
    inList: "draw a workflow's graph",
    summary: "Draws a workflow's graph: as text, or for Mermaid, Graphviz and Petri net tools.",
    examples: [
      'agentloom visualize flow.yaml',
      'agentloom visualize flow.yaml --format mermaid -o flow.md',
      'agentloom visualize flow.yaml --format dot | dot -Tsvg -o flow.svg',
    ],
    exits: [
      [0, 'done'],
      [1, 'the workflow is not valid, or a file cannot be read or written'],
      [2, 'the command line is wrong'],
    ],
  })
    .argument('<workflow_path>', 'YAML file')
    .addOption(new Option('-f, --format <format>', `${FORMATS.join(', ')} (default: ascii)`).choices(FORMATS))
    .addOption(textOption('-o, --output <file>', 'write it to this file; the format follows from its ending'))
    .addOption(new Option('--order-edges', 'also draw edges that only order: data that is read, gates (dotted)'))
    .addOption(new Option('--json', 'the same as --format json'))
    .addOption(new Option('--compat <engine>', 'read the file as that engine does: agentloom').choices(['agentloom']))
    .action((file: string, options: VisualizeOptions) =>
      act(async (io) => (await import('../workflow-file/visualize.ts')).visualizeFile(file, options, io)),
    )
}
