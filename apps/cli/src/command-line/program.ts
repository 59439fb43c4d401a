import { Command } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { cancelCommand } from '../commands/cancel.ts'
import { approveCommand, rejectCommand } from '../commands/decide.ts'
import { doctorCommand } from '../commands/doctor.ts'
import { queuesCommand } from '../commands/queues.ts'
import { explainCommand } from '../commands/explain.ts'
import { exportCommand } from '../commands/export.ts'
import { importCommand } from '../commands/import.ts'
import { infoCommand } from '../commands/info.ts'
import { logsCommand } from '../commands/logs.ts'
import { diffCommand } from '../commands/diff.ts'
import { forkCommand } from '../commands/fork.ts'
import { migrateCommand } from '../commands/migrate.ts'
import { pauseCommand } from '../commands/pause.ts'
import { recoverCommand } from '../commands/recover.ts'
import { resumeCommand } from '../commands/resume.ts'
import { runCommand } from '../commands/run.ts'
import { runsCommand } from '../commands/runs.ts'
import { schemaCommand } from '../commands/schema.ts'
import { serverCommand } from '../commands/server.ts'
import { showCommand } from '../commands/show.ts'
import { signalCommand } from '../commands/signal.ts'
import { startCommand } from '../commands/start.ts'
import { validateCommand } from '../commands/validate.ts'
import { verifyCommand } from '../commands/verify.ts'
import { visualizeCommand } from '../commands/visualize.ts'
import { workerCommand } from '../commands/worker.ts'
import type { Io } from '../io/io.ts'
import type { Act } from './command.ts'

const HELP_COLUMNS_MAX = 110

export function createProgram(io: Io, act: Act): Command {
  const program = new Command('agentloom')
    .usage('COMMAND [OPTIONS]')
    .description('Runs LLM and agent workflows durably: every committed step survives whatever happens to the process.')
    .version(manifest.version, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this text')
    .helpCommand(false)
    .enablePositionalOptions() // what stands behind a command is that command's
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText(
      'after',
      `
Examples:
  agentloom run flow.yaml --state topic=tea       run a workflow
  agentloom resume 7f3k2mq4x9bt0czd               go on behind the last committed step
  agentloom runs --status failed                  what ran here
  agentloom COMMAND --help                        options, examples and exit codes of a command`,
    )
  const commands = [
    runCommand(act),
    validateCommand(act),
    visualizeCommand(act),
    resumeCommand(act),
    runsCommand(act),
    showCommand(act),
    explainCommand(act),
    logsCommand(act),
    approveCommand(act),
    rejectCommand(act),
    signalCommand(act),
    exportCommand(act),
    importCommand(act),
    pauseCommand(act),
    cancelCommand(act),
    doctorCommand(act),
    queuesCommand(act),
    verifyCommand(act),
    recoverCommand(act),
    forkCommand(act),
    diffCommand(act),
    migrateCommand(act),
    infoCommand(act),
    schemaCommand(act),
    workerCommand(act),
    serverCommand(act),
  ]
  for (const command of commands) program.addCommand(command)
  // What `npm start` calls; nobody types it.
  program.addCommand(startCommand(act), { hidden: true })
  for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
    configure(command, io)
  return program
}

function configure(command: Command, io: Io): void {
  command
    .configureHelp({ ...command.configureHelp(), optionDescription: ({ description }) => description }) // they say their defaults
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: () => {}, // complaints come as exceptions and are told in our own form
      getOutHelpWidth: () => Math.min(io.stdout.columns, HELP_COLUMNS_MAX),
      getOutHasColors: () => io.stdout.hasColors,
    })
}
