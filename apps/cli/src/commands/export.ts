import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ExportOptions } from '../run/export-run.ts'

export function exportCommand(act: Act): Command {
  return describedCommand({
    name: 'export',
    usage: '[OPTIONS] RUN_ID',
    inList: 'write a run to a file, to be imported elsewhere',
    summary:
      'Writes a run, with all below it, as one JSON document that `agentloom import` puts into another folder or Redis. It holds the real values, also of what is redacted elsewhere.',
    examples: [
      'agentloom export 7f3k2mq4x9bt0czd -o run.json',
      'agentloom export 7f3k2mq4x9bt0czd --format reference > run.json   # the Python engine’s checkpoint',
    ],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(
      new Option('--format <format>', 'agentloom (default), or reference: a checkpoint of the Python engine, redacted')
        .choices(['agentloom', 'reference'])
        .default('agentloom'),
    )
    .addOption(textOption('-o, --output <file>', 'the file; default: stdout'))
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: ExportOptions) =>
      act(async (io) => (await import('../run/export-run.ts')).exportRun(runId, options, io)),
    )
}
