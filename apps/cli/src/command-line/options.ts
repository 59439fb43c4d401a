import { Option } from 'commander'
import { UsageError } from './usage-error.ts'
import { invalid, plainDecimal } from './numbers.ts'

/** The same option twice is a slip of the hand; the last one would win silently. */
export function once<Result>(
  option: string,
  read: (text: string) => Result,
): (text: string, earlier: Result | undefined) => Result {
  return (text, earlier) => {
    if (earlier !== undefined) throw new UsageError(`Option '${option}' is given twice.`)
    return read(text)
  }
}

/** An option with a text of one character at least. */
export function textOption(flags: string, description: string): Option {
  const option = new Option(flags, description)
  const name = option.long ?? flags
  return option.argParser(
    once(name, (text) => {
      if (text === '') throw invalid(name, 'it is empty.')
      return text
    }),
  )
}

/** May be given again and again. */
export function listOption(flags: string, description: string): Option {
  const option = new Option(flags, description)
  return option.argParser((text, earlier: readonly string[] | undefined) => [...(earlier ?? []), text])
}

export function budgetOption(): Option {
  const read = once('--budget', (text) => plainDecimal(text, '--budget'))
  return new Option('-b, --budget <usd>', "dollars that the run may spend, in place of the workflow's").argParser(read)
}

export function redisOption(): Option {
  return textOption(
    '--redis <url>',
    'work with the runs in this Redis (default: AGENTLOOM_REDIS_URL, REDIS_URL, else embedded)',
  )
}

export function jsonOption(): Option {
  return new Option('--json', 'print one JSON document on stdout, and nothing else')
}
