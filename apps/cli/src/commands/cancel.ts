import type { Command } from 'commander'
import { isPicking, withBulkOptions, type BulkOptions } from '../command-line/bulk-options.ts'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import type { StopOptions } from '../run/stop-run.ts'
import { envFileOption } from '../command-line/run-options.ts'

export function cancelCommand(act: Act): Command {
  const command = describedCommand({
    name: 'cancel',
    usage: '[OPTIONS] [RUN_ID]',
    inList: 'end a run for good, or many',
    summary:
      'Ends a run for good: nothing of it starts or commits afterwards. Also one that another process or a worker has.',
    examples: [
      'agentloom cancel 7f3k2mq4x9bt0czd',
      'agentloom cancel 7f3k2mq4x9bt0czd --reason "wrong input"',
      'agentloom cancel --status queued,parked --workflow triage --since 2h --dry-run',
    ],
  }).argument('[run_id]', 'as `agentloom runs` lists it; without it, those that the options pick')
  return withBulkOptions(command)
    .addOption(textOption('--reason <text>', 'kept with the run'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string | undefined, options: StopOptions & BulkOptions) =>
      act(async (io) => {
        if (isPicking(runId, options)) return (await import('../run/bulk.ts')).bulk('cancel', options, io)
        return (await import('../run/stop-run.ts')).stopRun('cancel', runId, options, io)
      }),
    )
}
