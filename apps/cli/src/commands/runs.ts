import type { RunStatus } from '@agentloom/engine'
import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { wholeNumber } from '../command-line/numbers.ts'
import { jsonOption, once, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'

interface RunsOptions {
  readonly status?: RunStatus
  readonly workflow?: string
  readonly limit?: number
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

/** Written down again: `--help` must not load the engine. */
const STATUSES = [
  'queued',
  'running',
  'paused',
  'parked',
  'success',
  'failed',
  'timeout',
  'budget_exceeded',
  'cancelled',
] as const satisfies readonly RunStatus[]

const LIMIT = 50
const LIMIT_MAX = 10_000

export function runsCommand(act: Act): Command {
  return describedCommand({
    name: 'runs',
    usage: '[OPTIONS]',
    inList: 'list runs, newest first',
    summary: 'Lists runs, newest first. Times are UTC.',
    examples: [
      'agentloom runs',
      'agentloom runs --status failed --workflow triage --limit 5',
      'agentloom runs --json | jq -r ".[0].run_id"',
    ],
  })
    .addOption(new Option('--status <status>', `only these: ${STATUSES.join(', ')}`).choices(STATUSES))
    .addOption(textOption('--workflow <name>', 'only those of this workflow'))
    .addOption(
      new Option('--limit <count>', `how many at most (default: ${LIMIT})`).argParser(
        once('--limit', (text) => wholeNumber(text, '--limit', { min: 1, max: LIMIT_MAX })),
      ),
    )
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action(({ status, workflow, limit = LIMIT, json, redis, envFile }: RunsOptions) =>
      act(async (surrounding) => {
        const { surroundingsOf } = await import('../command-line/surroundings.ts')
        const { openRuns } = await import('../run/kept-runs.ts')
        const { placeOf } = await import('../run/place.ts')
        const { listJson, listTable } = await import('../result/run-list.ts')
        const { io, settings } = await surroundingsOf(surrounding, { ...(envFile !== undefined && { envFile }) })
        await using runs = await openRuns(placeOf(redis, settings, io), io)
        const headers = await runs.list({
          limit,
          ...(status !== undefined && { status }),
          ...(workflow !== undefined && { workflow }),
        })
        io.stdout.write(json === true ? listJson(headers) : listTable(headers))
        return { code: 0 }
      }),
    )
}
