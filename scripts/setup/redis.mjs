import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { SetUpError } from './error.mjs'
import { startProgress } from './progress.mjs'

/** `docker version` asks the engine; one that does not answer in this time is as good as none. */
const DOCKER_ASK_MS = 3_000
const APT_MAX_MS = 5 * 60_000

/**
 * Makes sure that tests can have a Redis: a `redis-server` on this machine, or a Docker engine, or else Debian's package
 * where this process may install it.
 * @throws {SetUpError} none of the three
 */
export function ensureRedis() {
  if (onPath('redis-server') || dockerAnswers()) return
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version') && onPath('apt-get')) {
    const progress = startProgress('setting up (once): redis-server')
    // RUNLEVEL=1 keeps Debian from starting a service that nobody asked for.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const options = { env, encoding: /** @type {const} */ ('utf8'), timeout: APT_MAX_MS }
    spawnSync('apt-get', ['update', '-qq'], options)
    const installed = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], options)
    if (installed.status === 0 && onPath('redis-server')) return progress.done()
    progress.failed()
    process.stderr.write(`${installed.stderr}\n`)
  }
  throw new SetUpError(
    'The tests need Redis 7 or newer, and found neither a running Docker engine nor a redis-server. Start Docker, or ' +
      'install one (Debian, Ubuntu: sudo apt-get install redis-server; macOS: brew install redis), then run the same command again.',
  )
}

/** @param {string} command */
function onPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)))
}

function dockerAnswers() {
  if (!onPath('docker')) return false
  const asked = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    timeout: DOCKER_ASK_MS,
    stdio: 'ignore',
  })
  return asked.status === 0
}
