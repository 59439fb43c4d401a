import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import type { StopOptions } from '../run/stop-run.ts'
import { envFileOption } from '../command-line/run-options.ts'

export function cancelCommand(act: Act): Command {
  return describedCommand({
    name: 'cancel',
    usage: '[OPTIONS] RUN_ID',
    inList: 'end a run for good',
    summary:
      'Ends a run for good: nothing of it starts or commits afterwards. Also one that another process or a worker has.',
    examples: ['agentloom cancel 7f3k2mq4x9bt0czd', 'agentloom cancel 7f3k2mq4x9bt0czd --reason "wrong input"'],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(textOption('--reason <text>', 'kept with the run'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: StopOptions) =>
      act(async (io) => (await import('../run/stop-run.ts')).stopRun('cancel', runId, options, io)),
    )
}
