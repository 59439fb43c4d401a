import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { MigrateOptions } from '../run/migrate-run.ts'

export function migrateCommand(act: Act): Command {
  return describedCommand({
    name: 'migrate',
    usage: '[OPTIONS] RUN_ID --to FILE',
    inList: 'let a run go on by a changed workflow file',
    summary:
      'Lets a run go on by a changed workflow file, where what it has done fits; else says every reason why not, and changes nothing. Pause the run first, wait until no step is at work, and resume it afterwards.',
    examples: [
      'agentloom migrate 7f3k2mq4x9bt0czd --to flow.yaml --check',
      'agentloom migrate 7f3k2mq4x9bt0czd --to flow.yaml && agentloom resume 7f3k2mq4x9bt0czd',
    ],
    exits: [
      [0, 'moved, or with --check: it can be'],
      [1, 'it does not fit; stderr says why'],
      [2, 'the command line is wrong'],
    ],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(textOption('--to <file>', 'workflow file').makeOptionMandatory())
    .addOption(new Option('--check', 'only say whether it can be'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: MigrateOptions) =>
      act(async (io) => (await import('../run/migrate-run.ts')).migrateRun(runId, options, io)),
    )
}
