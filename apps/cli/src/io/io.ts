import type { Readable } from 'node:stream'
import type { Environment } from './environment.ts'
import type { Interrupts } from './interrupts.ts'
import type { Output } from './output.ts'

/** Everything of its surroundings that a command may touch, so that tests can be the surroundings. */
export interface Io {
  /** The result, and nothing else where a program reads it. */
  readonly stdout: Output
  /** The talk. */
  readonly stderr: Output
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly env: Environment
  /** The working directory. Throws the system's own ENOENT when it was deleted. */
  cwd(): string
  readonly interrupts: Interrupts
}
