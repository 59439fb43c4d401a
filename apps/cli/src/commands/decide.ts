import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { DecideOptions } from '../run/decide-run.ts'

export function approveCommand(act: Act): Command {
  return decideCommand(act, { name: 'approve', decision: 'approved' })
}

export function rejectCommand(act: Act): Command {
  return decideCommand(act, { name: 'reject', decision: 'rejected' })
}

function decideCommand(
  act: Act,
  { name, decision }: { readonly name: string; readonly decision: 'approved' | 'rejected' },
): Command {
  return describedCommand({
    name,
    usage: '[OPTIONS] RUN_ID [GATE]',
    inList: `${name} a gate that waits`,
    summary: `Gives a waiting gate its decision, and does not wait for what follows. Workers go on with the run at once, as does a process that still has it; else \`agentloom resume\` does.`,
    examples: [`agentloom ${name} 7f3k2mq4x9bt0czd`, `agentloom ${name} 7f3k2mq4x9bt0czd review.final --by mira`],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .argument('[gate]', 'full name: the step, or step.gate inside a child run (default: the only one that waits)')
    .addOption(textOption('--by <name>', 'who decides, kept with the run (default: the user of this shell)'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, gate: string | undefined, options: DecideOptions) =>
      act(async (io) => (await import('../run/decide-run.ts')).decideRun({ runId, gate, decision }, options, io)),
    )
}
