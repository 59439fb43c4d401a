import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { onTestFinished } from 'vitest'
import { runCli } from '../cli.ts'
import { ownEnvironment, type Environment } from './environment.ts'
import type { Signal } from './interrupts.ts'
import { Output } from './output.ts'

/** Takes what is written; a terminal if it is told so. */
export class Screen extends Writable {
  readonly isTTY: boolean
  readonly columns: number
  text = ''

  constructor({ isTTY = false, columns = 80 }: { isTTY?: boolean; columns?: number } = {}) {
    super()
    this.isTTY = isTTY
    this.columns = columns
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }

  /** What a terminal would show in the end: cursor moves and clearing applied, colours left out. */
  get shown(): string {
    const lines = ['']
    let row = 0
    for (const [piece] of this.text.matchAll(/\x1b\[\d*[A-Zm]|\x1b\[\d+m|\r|\n|[^\x1b\r\n]+/g)) {
      const up = /^\x1b\[(\d+)A$/.exec(piece)
      if (up !== null) row -= Number(up[1])
      else if (piece === '\x1b[J') lines.splice(row, lines.length, '')
      else if (piece === '\n') lines[(row += 1)] ??= ''
      else if (piece !== '\r' && !piece.startsWith('\x1b')) lines[row] = (lines[row] ?? '') + piece
    }
    return lines.join('\n')
  }
}

/** An empty folder that lasts as long as the test, with files in it. */
export function folderWith(files: { readonly [name: string]: string } = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

export interface CallOptions {
  readonly cwd?: string
  readonly env?: Environment
  readonly stdin?: string
  readonly terminal?: { readonly columns: number }
  /** Sent as soon as this appears on stdout or stderr. */
  readonly signalAt?: { readonly text: string; readonly signal: Signal }
}

export interface Called {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  readonly screen: Screen
}

/** Calls the command line in this process, in surroundings of the test's making. Ollama is nowhere. */
export async function call(args: readonly string[], options: CallOptions = {}): Promise<Called> {
  const { cwd = folderWith(), env = {}, stdin = '', terminal, signalAt } = options
  const environment = ownEnvironment({ OLLAMA_BASE_URL: 'http://127.0.0.1:1', ...env })
  const screen = new Screen({ isTTY: terminal !== undefined, ...terminal })
  const stderr = new Screen({ isTTY: terminal !== undefined, ...terminal })
  const listeners = new Set<(signal: Signal) => void>()
  if (signalAt !== undefined) {
    for (const output of [screen, stderr])
      whenShown(output, signalAt.text, () => listeners.forEach((tell) => tell(signalAt.signal)))
  }
  const code = await runCli(args, {
    stdout: new Output(screen, environment),
    stderr: new Output(stderr, environment),
    stdin: Readable.from([Buffer.from(stdin)]),
    env: environment,
    cwd: () => cwd,
    interrupts: {
      listen(onSignal) {
        listeners.add(onSignal)
        return () => listeners.delete(onSignal)
      },
    },
  })
  return { code, stdout: screen.text, stderr: stderr.text, screen }
}

/** Calls once when the text is on the screen. */
function whenShown(screen: Screen, text: string, act: () => void): void {
  const write = screen._write.bind(screen)
  let isDone = false
  screen._write = (chunk, encoding, done) => {
    write(chunk, encoding, done)
    if (isDone || !screen.text.includes(text)) return
    isDone = true
    setImmediate(act)
  }
}
