import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import type { StopOptions } from '../run/stop-run.ts'
import { envFileOption } from '../command-line/run-options.ts'

export function pauseCommand(act: Act): Command {
  return describedCommand({
    name: 'pause',
    usage: '[OPTIONS] RUN_ID',
    inList: 'hold a run',
    summary:
      'Holds a run: nothing new starts, and `agentloom resume` goes on with it. What is in flight is handed back; on workers it may still end and commit.',
    examples: ['agentloom pause 7f3k2mq4x9bt0czd', 'agentloom pause 7f3k2mq4x9bt0czd --reason "wrong input"'],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(textOption('--reason <text>', 'kept with the run'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: StopOptions) =>
      act(async (io) => (await import('../run/stop-run.ts')).stopRun('pause', runId, options, io)),
    )
}
