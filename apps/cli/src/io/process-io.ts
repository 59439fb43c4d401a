import { ownEnvironment } from './environment.ts'
import { processInterrupts } from './interrupts.ts'
import type { Io } from './io.ts'
import { Output } from './output.ts'

/** This process as the surroundings of a command. */
export function processIo(): Io {
  const env = ownEnvironment(process.env)
  return {
    stdout: new Output(process.stdout, env),
    stderr: new Output(process.stderr, env),
    get stdin() {
      return process.stdin // opened by whoever reads it: merely looking at it can keep a process waiting
    },
    env,
    cwd: () => process.cwd(),
    interrupts: processInterrupts(process, (code) => process.exit(code)),
  }
}
