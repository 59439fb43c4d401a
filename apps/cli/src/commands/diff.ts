import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { DiffOptions } from '../run/diff-runs.ts'

export function diffCommand(act: Act): Command {
  return describedCommand({
    name: 'diff',
    usage: '[OPTIONS] RUN_ID RUN_ID',
    inList: 'show where two runs part',
    summary:
      'Shows where two runs part: what their workflows and inputs say otherwise, and the steps in the order of the plan with outcome, cost and duration.',
    examples: ['agentloom diff 7f3k2mq4x9bt0czd 9m2x4kq7p3bt1aze', 'agentloom diff A B --json | jq .part_at'],
    exits: [
      [0, 'they are the same'],
      [1, 'they differ; or it failed, and stderr says why'],
      [2, 'the command line is wrong'],
    ],
  })
    .argument('<first>', 'as `agentloom runs` lists it')
    .argument('<second>', 'another run')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((first: string, second: string, options: DiffOptions) =>
      act(async (io) => (await import('../run/diff-runs.ts')).diffRuns(first, second, options, io)),
    )
}
