import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ProgramOptions } from '../run/program.ts'

export function serverCommand(act: Act): Command {
  return describedCommand({
    name: 'server',
    usage: '[OPTIONS]',
    inList: 'serve the HTTP API and Bull Board',
    summary:
      'Serves the HTTP API, and Bull Board at /queues, until it is told to stop. Loopback only unless it has an API key.',
    examples: [
      'agentloom server --redis redis://localhost:6379',
      'AGENTLOOM_API_KEY=… agentloom server --host 0.0.0.0 --port 80',
    ],
    exits: [
      [1, 'it could not start'],
      [2, 'the command line is wrong'],
      [143, 'closed after SIGTERM (129 SIGHUP, 130 SIGINT)'],
    ],
  })
    .addOption(redisOption())
    .addOption(textOption('--host <address>', 'address to listen on (default: 127.0.0.1)'))
    .addOption(textOption('--port <port>', 'port to listen on; 0 picks one (default: 8642)'))
    .addOption(textOption('--api-key <key>', 'key that every request must bring; better: AGENTLOOM_API_KEY'))
    .addOption(textOption('--workflows <folder>', 'workflow files whose names POST /runs takes'))
    .addOption(textOption('--grace <seconds>', 'time for open requests when it is told to stop (default: 10)'))
    .addOption(envFileOption())
    .action((options: ProgramOptions) =>
      act(async (io) => {
        const { withEnvFile } = await import('../run/program.ts')
        const { flags, env } = await withEnvFile(options, io)
        const { runServer } = await import('@agentloom/server')
        return { code: await runServer(flags, env) }
      }),
    )
}
