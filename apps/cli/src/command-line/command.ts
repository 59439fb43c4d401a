import { Command } from 'commander'
import type { Io } from '../io/io.ts'
import type { Ending } from '../run/ending.ts'

/** Runs a command's work. What the work needs is imported inside it, so that `--help` loads none of it. */
export type Act = (work: (io: Io) => Promise<Ending>) => Promise<void>

export interface CommandText {
  readonly name: string
  /** Behind the name: `[OPTIONS] WORKFLOW_PATH`. */
  readonly usage: string
  readonly summary: string
  /** In the list of commands; default: the summary. */
  readonly inList?: string
  readonly examples: readonly string[]
  /** Beside those of every command. */
  readonly exits?: readonly (readonly [code: number, when: string])[]
}

const COMMON_EXITS = [
  [0, 'done'],
  [1, 'it failed; stderr says why'],
  [2, 'the command line is wrong'],
] as const

export const RUN_EXITS: readonly (readonly [number, string])[] = [
  [0, 'success; or it waits for somebody: paused at a gate or by `pause`, or parked'],
  [1, 'failed, timed out, cancelled or out of budget; the file does not load'],
  [2, 'the command line is wrong'],
  [130, 'paused by Ctrl-C (129 SIGHUP, 143 SIGTERM); resume it'],
]

export function describedCommand({
  name,
  usage,
  summary,
  inList = summary,
  examples,
  exits = COMMON_EXITS,
}: CommandText): Command {
  const codes = exits.map(([code, when]) => `  ${String(code).padEnd(4)} ${when}`)
  const shown = examples.map((example) => `  ${example}`)
  return new Command(name)
    .usage(usage)
    .description(summary)
    .summary(inList)
    .helpOption('-h, --help', 'show this text')
    .addHelpText('after', `\nExamples:\n${shown.join('\n')}\n\nExit codes:\n${codes.join('\n')}`)
}
