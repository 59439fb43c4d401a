import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { VerifyOptions } from '../run/verify-runs.ts'

export function verifyCommand(act: Act): Command {
  return describedCommand({
    name: 'verify',
    usage: '[OPTIONS] [RUN_ID]',
    inList: 'check the journals of runs against their own rules',
    summary:
      'Checks that the records of a run, or of all with --all, keep the rules of a journal: nothing after a result, rising epochs, no step before its sources, an end where all is done. In Redis also that what was counted and noted down beside the records, what is due, and the lists of runs are as the records imply. Changes nothing.',
    examples: ['agentloom verify 7f3k2mq4x9bt0czd', 'agentloom verify --all --json'],
    exits: [
      [0, 'nothing is wrong'],
      [1, 'something is wrong, or there is no such run'],
      [2, 'the command line is wrong'],
    ],
  })
    .argument('[run_id]', 'as `agentloom runs` lists it')
    .option('--all', 'every run of the place, with its child runs')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string | undefined, options: VerifyOptions) =>
      act(async (io) => (await import('../run/verify-runs.ts')).verifyRuns(runId, options, io)),
    )
}
