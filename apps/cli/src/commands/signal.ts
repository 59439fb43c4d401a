import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { SignalOptions } from '../run/signal-run.ts'

export function signalCommand(act: Act): Command {
  return describedCommand({
    name: 'signal',
    usage: '[OPTIONS] RUN_ID NAME [JSON]',
    inList: 'send a run what a wait_for step waits for',
    summary:
      'Gives a run a signal by name, with a JSON payload. Steps that wait for it go on; one that comes to wait later does not wait. The first payload of a name stays.',
    examples: [
      'agentloom signal 7f3k2mq4x9bt0czd delivered',
      `agentloom signal 7f3k2mq4x9bt0czd payment '{"amount": 12.5}'`,
    ],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .argument('<name>', 'of the signal')
    .argument('[json]', 'payload, the output of the step (default: null)')
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, name: string, payload: string | undefined, options: SignalOptions) =>
      act(async (io) => (await import('../run/signal-run.ts')).signalRun({ runId, name, payload }, options, io)),
    )
}
