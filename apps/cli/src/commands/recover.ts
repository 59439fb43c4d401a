import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, listOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { RecoverRunsOptions } from '../run/recover-runs.ts'

export function recoverCommand(act: Act): Command {
  return describedCommand({
    name: 'recover',
    usage: '[OPTIONS]',
    inList: 'fill a Redis up from spools of workers and checkpoints',
    summary:
      'Tells a Redis that has lost data what the spools of workers know, and the checkpoints in AGENTLOOM_HOME of runs that were not over. Workers tell their spools by themselves when they see the loss; this is for spools of machines that are gone, for losses that no worker has seen, and for runs that only a checkpoint has. Safe to repeat.',
    examples: [
      'agentloom recover --dry-run',
      'agentloom recover --from /mnt/worker1/.agentloom/spool --from /mnt/worker2/spool',
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
        'folder with spools; may be repeated (default: those of this place in AGENTLOOM_HOME)',
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
