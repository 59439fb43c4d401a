import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ValidateOptions } from '../workflow-file/validate.ts'

export function validateCommand(act: Act): Command {
  return describedCommand({
    name: 'validate',
    usage: '[OPTIONS] WORKFLOW_PATH',
    inList: 'check a workflow file and print its plan',
    summary: 'Checks a workflow file without running it, and prints its plan. Findings go to stderr.',
    examples: ['agentloom validate flow.yaml', 'agentloom validate flow.yaml --strict      # warnings are errors, too'],
    exits: [
      [0, 'valid, perhaps with warnings'],
      [1, 'not valid, or the file cannot be read'],
      [2, 'the command line is wrong'],
    ],
  })
    .argument('<workflow_path>', 'YAML file')
    .addOption(new Option('--strict', 'treat warnings as errors'))
    .addOption(new Option('--compat <engine>', 'read the file as that engine does: agentloom').choices(['agentloom']))
    .addOption(jsonOption())
    .addOption(envFileOption())
    .action((file: string, options: ValidateOptions) =>
      act(async (io) => (await import('../workflow-file/validate.ts')).validateFile(file, options, io)),
    )
}
