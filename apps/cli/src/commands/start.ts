import type { Command } from 'commander'
import { describedCommand, RUN_EXITS, type Act } from '../command-line/command.ts'
import { withRunOptions, type RunOptions } from '../command-line/run-options.ts'

export function startCommand(act: Act): Command {
  const command = describedCommand({
    name: 'start',
    usage: '[OPTIONS]',
    summary: 'Runs the main job, examples/incident-triage: what `npm start` calls.',
    examples: ['npm start', 'npm start -- --json', 'npm start -- FILE --state key=value      # runs another workflow'],
    exits: RUN_EXITS,
  })
  return withRunOptions(command).action((options: RunOptions) =>
    act(async (io) => (await import('../run/main-job.ts')).runMainJob(options, io)),
  )
}
