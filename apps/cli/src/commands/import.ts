import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ImportOptions } from '../run/import-runs.ts'

export function importCommand(act: Act): Command {
  return describedCommand({
    name: 'import',
    usage: '[OPTIONS] FILE|FOLDER...',
    inList: 'put exported runs, or checkpoints of the Python engine, here',
    summary:
      'Puts runs here under their own ids, from files of `agentloom export` or from checkpoints of the Python engine (a file, or its whole folder): committed steps stay, gates wait on. In Redis, what is ready goes on at once; in a folder, `agentloom resume` goes on with it.',
    examples: ['agentloom import run.json', 'agentloom import agentloom_checkpoints --redis redis://localhost'],
  })
    .argument('<path...>', 'files, or folders of such files')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((paths: readonly string[], options: ImportOptions) =>
      act(async (io) => (await import('../run/import-runs.ts')).importRuns(paths, options, io)),
    )
}
