import type { Command, CommanderError } from 'commander'
import { nearest } from './nearest.ts'

/** What a wrong command line is answered with, on stderr. */
export function usageText(command: Command, reason: string): string {
  const path = pathOf(command)
  return `Usage: ${path} ${command.usage()}\nTry '${path} --help' for help.\n\nError: ${reason}\n`
}

function pathOf(command: Command): string {
  const names: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) names.unshift(at.name())
  return names.join(' ')
}

/** Commander's complaint in our words, with the nearest name that there is. */
export function reasonOf(error: CommanderError, command: Command): string {
  const [, quoted = ''] = /'([^']*)'/.exec(error.message) ?? []
  switch (error.code) {
    case 'commander.unknownOption': {
      const [name = ''] = quoted.split('=', 1)
      const flags = command.options.filter(({ hidden }) => !hidden).flatMap(({ long, short }) => [long, short])
      return `No such option: ${name}.${suggestion(name, [...flags.filter((flag) => flag != null), '--help'])}`
    }
    case 'commander.unknownCommand':
      return `No such command '${quoted}'.${suggestion(
        quoted,
        command.commands.map((known) => known.name()),
      )}`
    case 'commander.optionMissingArgument':
      return `Option '${/(--[a-z-]+)/.exec(quoted)?.[1] ?? quoted}' requires an argument.`
    case 'commander.missingArgument':
      return `Missing argument '${quoted.toUpperCase()}'.`
    case 'commander.excessArguments':
      return 'Got more arguments than expected.'
    default:
      return error.message.replace(/^error: /, '')
  }
}

function suggestion(name: string, known: readonly string[]): string {
  const meant = nearest(name, known)
  return meant === null ? '' : ` Did you mean ${meant}?`
}
