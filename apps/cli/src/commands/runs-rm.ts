import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { RemoveOptions } from '../run/remove-runs.ts'

export function runsRmCommand(act: Act): Command {
  return describedCommand({
    name: 'rm',
    usage: '[OPTIONS] RUN_ID...',
    inList: 'remove runs with everything that is kept of them',
    summary:
      'Removes runs, and all below them, with everything that is kept of them: journal, large values, checkpoint and run folder. A run that is not over stays, unless --force cancels it first.',
    examples: ['agentloom runs rm 7f3k2mq4x9bt0czd', 'agentloom runs rm --force 7f3k2mq4x9bt0czd'],
  })
    .argument('<run_id...>', 'as `agentloom runs` lists it')
    .addOption(new Option('--force', 'cancel what is not over, then remove it'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runIds: readonly string[], options: RemoveOptions) =>
      act(async (io) => (await import('../run/remove-runs.ts')).removeRuns(runIds, options, io)),
    )
}
