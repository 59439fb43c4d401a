import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, listOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { RecoverRunsOptions } from '../run/recover-runs.ts'

export function recoverCommand(act: Act): Command {
  return describedCommand({
    name: 'recover',
    usage: '[OPTIONS]',
    inList: 'fill a Redis up from the spools and checkpoints of workers',
    summary:
      'Tells a Redis that has lost data what the spools and checkpoints of workers know. Workers do this by themselves from their spools when they see the loss; this is also for ended and paused runs, for spools of machines that are gone, and for losses that no worker has seen. Safe to repeat.',
    examples: [
      'agentloom recover --dry-run',
      'agentloom recover --from /mnt/worker1/.agentloom --from /mnt/worker2/spool',
    ],
    exits: [
      [0, 'all that spools and checkpoints know is in Redis'],
      [1, 'a run could not be put back, or the result of a step is lost'],
      [2, 'the command line is wrong'],
    ],
  })
    .addOption(
      listOption(
        '--from <dir>',
        'home of another worker, or a folder with its spools or checkpoints; may be repeated (default: the spools of this place)',
      ),
    )
    .option('--dry-run', 'only say what would be done')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((options: RecoverRunsOptions) =>
      act(async (io) => (await import('../run/recover-runs.ts')).recoverFromSpools(options, io)),
    )
}
