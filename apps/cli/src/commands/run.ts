import { Option, type Command } from 'commander'
import { describedCommand, RUN_EXITS, type Act } from '../command-line/command.ts'
import { listOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption, withRunOptions, type RunOptions } from '../command-line/run-options.ts'

export interface RunCommandOptions extends RunOptions {
  readonly state?: readonly string[]
  readonly stateFile?: string
  readonly provider?: string
  readonly model?: string
  readonly stream?: true
  readonly mockResponses?: string
  readonly id?: string
  readonly detach?: true
  readonly compat?: 'agentloom'
}

export function runCommand(act: Act): Command {
  const command = describedCommand({
    name: 'run',
    usage: '[OPTIONS] WORKFLOW_PATH',
    inList: 'run a workflow file',
    summary: 'Runs a workflow file: in this process with its journal on disk, or by workers when a Redis is named.',
    examples: [
      'agentloom run triage.yaml --state ticket="It does not start"',
      `agentloom run flow.yaml -s limit:=3 --state-file input.json --json > result.json`,
      'agentloom run flow.yaml --functions ./handlers.ts --budget 0.50',
      'agentloom run flow.yaml --mock-responses answers.json      # asks no model',
      'agentloom run flow.yaml --redis redis://localhost:6379 --detach',
    ],
    exits: RUN_EXITS,
  })
    .argument('<workflow_path>', 'YAML file')
    .addOption(
      listOption('-s, --state <key=value>', 'text for a key of the state; key:=json for any value (repeatable)'),
    )
    .addOption(textOption('--state-file <file>', 'JSON object laid over the state, - for stdin; --state wins over it'))
    .addOption(textOption('-p, --provider <name>', "default provider, in place of the workflow's"))
    .addOption(textOption('-m, --model <name>', 'model of steps that name none'))
  return withRunOptions(command)
    .addOption(new Option('--stream', 'print what models say as it comes'))
    .addOption(textOption('--mock-responses <file>', 'answer model calls from this file'))
    .addOption(textOption('--id <id>', 'id of the run; the same id again is the same run'))
    .addOption(redisOption())
    .addOption(new Option('--detach', 'with Redis: start the run and leave it to the workers'))
    .addOption(new Option('--compat <engine>', 'read the file as that engine does: agentloom').choices(['agentloom']))
    .addOption(envFileOption())
    .addOption(new Option('--lite', 'accepted for the Python engine; without effect').hideHelp())
    .action((file: string, options: RunCommandOptions) =>
      act(async (io) => (await import('../run/run-file.ts')).runFile(file, options, io)),
    )
}
