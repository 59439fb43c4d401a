import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { filterOf, withFilterOptions, type FilterOptions } from '../command-line/run-filter.ts'
import { envFileOption } from '../command-line/run-options.ts'
import { runsPruneCommand } from './runs-prune.ts'
import { runsRmCommand } from './runs-rm.ts'

interface RunsOptions extends FilterOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const LIMIT = 50

export function runsCommand(act: Act): Command {
  const command = describedCommand({
    name: 'runs',
    usage: '[OPTIONS] | rm RUN_ID... | prune --older-than AGE',
    inList: 'list runs, newest first',
    summary: 'Lists runs, newest first. Times are UTC.',
    examples: [
      'agentloom runs',
      'agentloom runs --status failed,parked --since 24h --workflow triage',
      'agentloom runs --json | jq -r ".[0].run_id"',
    ],
  })
  return withFilterOptions(command, LIMIT)
    .enablePositionalOptions() // those behind `rm` and `prune` are theirs
    .addCommand(runsRmCommand(act))
    .addCommand(runsPruneCommand(act))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action(({ json, redis, envFile, ...filter }: RunsOptions) =>
      act(async (surrounding) => {
        const { surroundingsOf } = await import('../command-line/surroundings.ts')
        const { openRuns } = await import('../run/kept-runs.ts')
        const { placeOf } = await import('../run/place.ts')
        const { listJson, listTable } = await import('../result/run-list.ts')
        const { io, settings } = await surroundingsOf(surrounding, { ...(envFile !== undefined && { envFile }) })
        await using runs = await openRuns(placeOf(redis, settings, io), io)
        const headers = await runs.list(filterOf(filter, LIMIT))
        io.stdout.write(json === true ? listJson(headers) : listTable(headers))
        return { code: 0 }
      }),
    )
}
