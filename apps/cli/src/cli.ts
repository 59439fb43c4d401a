import { CommanderError, type Command } from 'commander'
import { withJsonAs } from './command-line/json-flag.ts'
import { createProgram } from './command-line/program.ts'
import { reasonOf, usageText } from './command-line/usage.ts'
import { UsageError } from './command-line/usage-error.ts'
import type { Io } from './io/io.ts'
import type { Ending } from './run/ending.ts'

const USAGE = 2
const FAILED = 1

/**
 * One call of the command line.
 * @param args without the names of Node and the program
 * @returns the exit code: 0, 1, 2, or 129, 130 and 143 after a signal. Nothing is left open.
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  const ending = await endingOf(args, io)
  await io.stdout.flushed()
  const { failure } = io.stdout
  if (failure !== null) {
    const { infoText } = await import('./terminal/problem.ts')
    const message = `the result could not be written to stdout: ${failure.message}`
    const help = ending.unwrittenHelp ?? null
    io.stderr.line(infoText({ code: 'output/unwritten', message, place: null, help }, io.stderr))
  }
  await io.stderr.flushed()
  return failure === null ? ending.code : FAILED
}

async function endingOf(args: readonly string[], io: Io): Promise<Ending> {
  const isJson = args.some((word) => word === '--json' || word.startsWith('--json='))
  let ending: Ending = { code: 0 }
  const program = createProgram(io, async (work) => {
    const { ended } = await import('./command-line/act.ts')
    ending = await ended(work, io, isJson)
  })
  const command = commandIn(program, args)
  try {
    if (args.length === 0) program.outputHelp()
    else await program.parseAsync(withJsonAs(args), { from: 'user' })
    return ending
  } catch (error) {
    if (error instanceof UsageError) return refused(command, error.message, io)
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? { code: 0 } : refused(command, reasonOf(error, command), io)
  }
}

function refused(command: Command, reason: string, io: Io): Ending {
  io.stderr.write(usageText(command, reason))
  return { code: USAGE }
}

function commandIn(program: Command, args: readonly string[]): Command {
  const [name, below] = args.filter((word) => !word.startsWith('-'))
  const command = program.commands.find((one) => one.name() === name) ?? program
  return command.commands.find((one) => command !== program && one.name() === below) ?? command
}
