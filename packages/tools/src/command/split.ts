import { cut, Violation } from '../errors.ts'

const OPERATOR = /[|;&`\n\r<>]|\$\(/
/** A parameter that has a meaning without positional arguments and jobs; every other special one is empty. */
const SPECIAL_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['#', '0'],
  ['?', '0'],
])

/**
 * Splits a command into the words that `sh` would make of it, without asking a shell. Variables stand for what is in
 * `environment`, before anything is checked, so that the checks see what the program sees; `~`, `*` and braces stay as they are.
 * @throws {Violation} operators, unclosed quotes, and expansions that only a shell can do
 */
export function splitCommand(command: string, environment: ReadonlyMap<string, string>): string[] {
  if (OPERATOR.test(command))
    throw new Violation(`Shell operators are not allowed in sandboxed commands: '${cut(command, 200)}'`)
  return new Splitter(command, environment).words()
}

class Splitter {
  private readonly text: string
  private readonly environment: ReadonlyMap<string, string>
  private at = 0
  /** The word being read; null between words. An empty quoted word is a word, an empty expansion alone is none. */
  private word: string | null = null

  constructor(text: string, environment: ReadonlyMap<string, string>) {
    this.text = text
    this.environment = environment
  }

  words(): string[] {
    const words: string[] = []
    while (this.at < this.text.length) {
      const char = this.next()
      if (char === ' ' || char === '\t') {
        if (this.word !== null) words.push(this.word)
        this.word = null
      } else if (char === '#' && this.word === null) break // a comment
      else if (char === "'") this.add(this.until("'"))
      else if (char === '"') this.quoted()
      else if (char === '\\') this.add(this.escaped())
      else if (char === '$') this.expand()
      else this.add(char)
    }
    if (this.word !== null) words.push(this.word)
    return words
  }

  private quoted(): void {
    this.add('')
    for (;;) {
      if (this.at >= this.text.length) throw this.unreadable()
      const char = this.next()
      if (char === '"') return
      if (char === '$') this.expand()
      else if (char === '\\' && /["\\$]/.test(this.text.charAt(this.at))) this.add(this.next())
      else this.add(char)
    }
  }

  private expand(): void {
    const name = /^(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*\}|[0-9@*#?!-])/.exec(
      this.text.slice(this.at, this.at + 256),
    )
    if (name === null) {
      if (/[{$]/.test(this.text.charAt(this.at)))
        throw this.unreadable('only $NAME and ${NAME} are known without a shell')
      return this.add('$')
    }
    this.at += name[0].length
    const bare = name[0].replace(/^\{|\}$/g, '')
    const value = this.environment.get(bare) ?? SPECIAL_PARAMETERS.get(bare) ?? ''
    if (value !== '') this.add(value)
  }

  private escaped(): string {
    if (this.at >= this.text.length) throw this.unreadable()
    return this.next()
  }

  private until(end: string): string {
    const close = this.text.indexOf(end, this.at)
    if (close === -1) throw this.unreadable()
    const inner = this.text.slice(this.at, close)
    this.at = close + 1
    return inner
  }

  private next(): string {
    return this.text.charAt(this.at++)
  }

  private add(text: string): void {
    this.word = (this.word ?? '') + text
  }

  private unreadable(help: string | null = null): Violation {
    return new Violation(`Cannot parse command: '${cut(this.text, 200)}'`, help)
  }
}
