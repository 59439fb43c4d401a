import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { wholeNumber } from '../command-line/numbers.ts'
import { once, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { LogOptions } from '../run/log-run.ts'

const TAIL_MAX = 1_000_000

export function logsCommand(act: Act): Command {
  return describedCommand({
    name: 'logs',
    usage: '[OPTIONS] RUN_ID',
    inList: "print a run's journal: what happened, and when",
    summary:
      "Prints a run's journal, oldest first: each claim, commit, failure, wait and decision with its time (UTC), worker and cost.",
    examples: [
      'agentloom logs 7f3k2mq4x9bt0czd',
      'agentloom logs 7f3k2mq4x9bt0czd --follow --step classify',
      'agentloom logs 7f3k2mq4x9bt0czd --json | jq -c "select(.kind == \\"failed\\")"',
    ],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(textOption('--step <id>', 'only what concerns this step'))
    .addOption(
      new Option('--tail <count>', 'only the last lines').argParser(
        once('--tail', (text) => wholeNumber(text, '--tail', { min: 0, max: TAIL_MAX })),
      ),
    )
    .addOption(new Option('--follow', 'go on printing until the run is over'))
    .addOption(new Option('--json', 'print one JSON object a line'))
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: LogOptions) =>
      act(async (io) => (await import('../run/log-run.ts')).logRun(runId, options, io)),
    )
}
