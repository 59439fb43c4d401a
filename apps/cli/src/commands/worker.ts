import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { listOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ProgramOptions } from '../run/program.ts'

export function workerCommand(act: Act): Command {
  return describedCommand({
    name: 'worker',
    usage: '[OPTIONS]',
    inList: 'take steps from the queue and execute them',
    summary:
      'Takes steps from the queue and executes them until it is told to stop; then it finishes or hands back what it holds. What tools may do here is closed until AGENTLOOM_FLOOR_FILE opens it.',
    examples: [
      'agentloom worker --redis redis://localhost:6379 --functions ./handlers.ts',
      'agentloom worker --concurrency 16 --health-port 8080 --workflows ./workflows',
    ],
    exits: [
      [1, 'it could not start, or an error that no step caught'],
      [2, 'the command line is wrong'],
      [143, 'drained after SIGTERM (129 SIGHUP, 130 SIGINT)'],
    ],
  })
    .addOption(redisOption())
    .addOption(textOption('--concurrency <count>', 'steps at once (default: 64)'))
    .addOption(textOption('--queues <pools>', 'pools whose steps it takes, separated by commas (default: default)'))
    .addOption(listOption('--functions <module>', 'module that exports functions and tools (repeatable)'))
    .addOption(textOption('--workflows <folder>', 'workflow files that start-run jobs may name'))
    .addOption(textOption('--health-port <port>', 'port of /healthz and /readyz; 0 picks one (default: none)'))
    .addOption(textOption('--only-shards <numbers>', 'shards whose steps it takes, as 0,2 (default: all)'))
    .addOption(textOption('--name <name>', 'name in the journal and in Bull Board'))
    .addOption(textOption('--grace <seconds>', 'time for steps in flight when it is told to stop (default: 10)'))
    .addOption(textOption('--work-dir <folder>', 'folder of the run folders (default: work/ in AGENTLOOM_HOME)'))
    .addOption(envFileOption())
    .action((options: ProgramOptions) =>
      act(async (io) => {
        const { withEnvFile } = await import('../run/program.ts')
        const { flags, env } = await withEnvFile(options, io)
        const { runWorker } = await import('@agentloom/worker')
        return { code: await runWorker(flags, env) }
      }),
    )
}
