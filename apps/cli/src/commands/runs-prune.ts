import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { wholeNumber } from '../command-line/numbers.ts'
import { jsonOption, once, redisOption } from '../command-line/options.ts'
import { sinceIn, statusesIn } from '../command-line/run-filter.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { PruneOptions } from '../run/remove-runs.ts'

const KEEP_MAX = 1_000_000

export function runsPruneCommand(act: Act): Command {
  return describedCommand({
    name: 'prune',
    usage: '--older-than AGE [OPTIONS]',
    inList: 'remove ended runs by age or number',
    summary: 'Removes ended runs by age or number, as `runs rm` does. Runs that are not over stay.',
    examples: [
      'agentloom runs prune --older-than 30d --dry-run',
      'agentloom runs prune --older-than 7d --status success',
      'agentloom runs prune --keep 1000',
    ],
  })
    .addOption(
      new Option('--older-than <age>', 'those that ended longer ago: 12h, 30d, or before 2026-11-30').argParser(
        once('--older-than', (text) => sinceIn(text, Date.now(), '--older-than')),
      ),
    )
    .addOption(
      new Option('--status <statuses>', 'only those that ended so, with commas: success, failed, …').argParser(
        once('--status', statusesIn),
      ),
    )
    .addOption(
      new Option('--keep <count>', 'keep at least so many, those that ended last').argParser(
        once('--keep', (text) => wholeNumber(text, '--keep', { min: 0, max: KEEP_MAX })),
      ),
    )
    .addOption(new Option('--dry-run', 'say what would be removed, and remove nothing'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((options: PruneOptions) =>
      act(async (io) => (await import('../run/remove-runs.ts')).pruneRuns(options, io)),
    )
}
