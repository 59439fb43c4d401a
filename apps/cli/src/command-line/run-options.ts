import { Option, type Command } from 'commander'
import { budgetOption, jsonOption, listOption, textOption } from './options.ts'
import { JSON_AS } from './json-flag.ts'
import { invalid } from './numbers.ts'
import type { JsonShape } from '../run/conclude.ts'

/** What `run` and `resume` have in common. */
export interface RunOptions {
  readonly budget?: number
  readonly functions?: readonly string[]
  readonly json?: true
  readonly jsonAs?: string
  readonly checkpoint?: true
  readonly checkpointDir?: string
  readonly redis?: string
  readonly envFile?: string
}

export function withRunOptions(command: Command): Command {
  return command
    .addOption(budgetOption())
    .addOption(listOption('--functions <module>', 'module that exports functions and tools (repeatable)'))
    .addOption(jsonOption())
    .addOption(new Option(`${JSON_AS} <shape>`).hideHelp())
    .addOption(new Option('--checkpoint', "also write a checkpoint in the Python engine's format"))
    .addOption(textOption('--checkpoint-dir <dir>', 'the same, into this folder'))
}

/** @throws {UsageError} */
export function jsonShapeOf({ json, jsonAs }: RunOptions): JsonShape {
  if (jsonAs === undefined) return json === true ? 'ours' : 'none'
  if (jsonAs === 'agentloom') return 'agentloom'
  throw invalid('--json', "give --json, or --json=agentloom for the Python engine's shape.")
}

export function envFileOption(): Option {
  return textOption('--env-file <file>', 'read environment variables from this file (those already set win)')
}
