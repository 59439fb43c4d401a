import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { ExplainOptions } from '../run/explain-run.ts'

export function explainCommand(act: Act): Command {
  return describedCommand({
    name: 'explain',
    usage: '[OPTIONS] RUN_ID',
    inList: 'say why a run waits, and what mends it',
    summary:
      'Says in one sentence why a run waits (or that it works, or how it ended), who holds it, until when, and the command that mends it; then what each open step waits for.',
    examples: ['agentloom explain 7f3k2mq4x9bt0czd', 'agentloom explain 7f3k2mq4x9bt0czd --json | jq -r .command'],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: ExplainOptions) =>
      act(async (io) => (await import('../run/explain-run.ts')).explainOnCommandLine(runId, options, io)),
    )
}
