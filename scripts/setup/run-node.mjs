import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const FORWARDED = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'])

/**
 * Becomes, as far as a process can, another one: same terminal and streams, signals passed on, same end.
 * @param {string} node
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, isTied?: boolean }} [options] `isTied`: the child gets a channel that breaks
 *   when this process is killed, so that it can end too (`apps/cli/src/main.ts`)
 * @returns {Promise<void>} resolves when the child has ended; the exit code is set, or the same signal raised
 */
export function runNode(node, args, { isTied = false, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = isTied ? /** @type {const} */ (['inherit', 'inherit', 'inherit', 'ipc']) : 'inherit'
    const child = spawn(node, args, {
      stdio: /** @type {import('node:child_process').StdioOptions} */ (stdio),
      ...options,
    })
    // On a terminal Ctrl-C reaches the whole group, the child included; a second one would mean "at once".
    const isTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY)
    const handlers = FORWARDED.map((signal) => {
      const forward = () => {
        if (isTerminal && (signal === 'SIGINT' || signal === 'SIGQUIT')) return
        child.kill(signal)
      }
      process.on(signal, forward)
      return /** @type {const} */ ([signal, forward])
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      for (const [name, forward] of handlers) process.off(name, forward)
      if (signal !== null) {
        // The shell learns of the signal as if there had been no launcher; 128 + n if it is one that Node keeps back.
        process.exitCode = 128 + (constants.signals[signal] ?? 0)
        process.kill(process.pid, signal)
      } else {
        process.exitCode = code ?? 1
      }
      resolve()
    })
  })
}
