import { Option, type Command } from 'commander'
import { describedCommand, RUN_EXITS, type Act } from '../command-line/command.ts'
import { jsonOption, listOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ForkOptions } from '../run/fork-run.ts'

export function forkCommand(act: Act): Command {
  return describedCommand({
    name: 'fork',
    usage: '[OPTIONS] RUN_ID --from STEP',
    inList: 'start a new run from the middle of another one',
    summary:
      'Starts a new run that takes over what another one has done before a step, at no cost, and runs the rest. Steps that are changed, or that read what is changed, run again, and all that depends on them; the other run stays as it is.',
    examples: [
      'agentloom fork 7f3k2mq4x9bt0czd --from review',
      'agentloom fork 7f3k2mq4x9bt0czd --from review --model claude-opus-4-5',
      `agentloom fork 7f3k2mq4x9bt0czd --from review --set review.prompt='Be brief: {state.draft}'`,
      'agentloom fork 7f3k2mq4x9bt0czd --from review --state draft="my own text" --check',
    ],
    exits: RUN_EXITS,
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(textOption('--from <step>', 'the step that runs again').makeOptionMandatory())
    .addOption(listOption('--state <key=value>', 'state from there on; key:=JSON for other than texts (repeatable)'))
    .addOption(textOption('--model <model>', 'model of the step'))
    .addOption(listOption('--set <step.field=value>', 'field of a step; := for JSON (repeatable)'))
    .addOption(textOption('--file <file>', "this workflow file in place of the run's own"))
    .addOption(textOption('--id <id>', 'of the new run'))
    .addOption(new Option('--check', 'only say what would run again'))
    .addOption(listOption('--functions <module>', 'module that exports functions and tools (repeatable)'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: ForkOptions) =>
      act(async (io) => (await import('../run/fork-run.ts')).forkRun(runId, options, io)),
    )
}
