import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { InfoOptions } from '../info/info.ts'

export function infoCommand(act: Act): Command {
  return describedCommand({
    name: 'info',
    usage: '[OPTIONS]',
    inList: 'versions, providers, places',
    summary: 'Shows versions, which providers are configured, where runs are kept, and whether Redis answers.',
    examples: ['agentloom info', 'agentloom info --json'],
  })
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((options: InfoOptions) => act(async (io) => (await import('../info/info.ts')).showInfo(options, io)))
}
