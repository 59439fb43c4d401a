import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { readRegularFile } from '@agentloom/workflow/node'
import { ownEnvironment, type Environment } from '../io/environment.ts'
import type { Io } from '../io/io.ts'
import { readSettings, type Settings } from '../settings.ts'
import { printable } from '../terminal/printable.ts'
import { invalid } from './numbers.ts'

const ENV_FILE_BYTES_MAX = 1024 * 1024

export interface Surroundings {
  readonly io: Io
  readonly settings: Settings
}

/**
 * The settings of this call, an `--env-file` laid under the environment. Lines are read as Node reads them: `#` begins a
 * comment outside of quotes, blanks around values are dropped, nothing is expanded.
 * @throws {CliError} `config/environment` · {UsageError} for a file that is not there
 */
export async function surroundingsOf(
  io: Io,
  { envFile }: { readonly envFile?: string | undefined },
): Promise<Surroundings> {
  warnOfTimeZone(io)
  if (envFile === undefined) return { io, settings: readSettings(io.env) }
  const path = resolve(io.cwd(), envFile)
  if (!existsSync(path)) throw invalid('--env-file', `Path '${printable(envFile)}' does not exist.`)
  const bytes = await readRegularFile(path, ENV_FILE_BYTES_MAX)
  const given = Object.entries(io.env).filter(([, value]) => value !== undefined && value !== '')
  const env: Environment = ownEnvironment({
    ...parseEnv(new TextDecoder().decode(bytes)),
    ...Object.fromEntries(given),
  })
  return { io: withEnvironment(io, env), settings: readSettings(env) }
}

function withEnvironment(io: Io, env: Environment): Io {
  return derived(io, { env, cwd: () => io.cwd() })
}

/** The same surroundings, in another folder. */
export function withFolder(io: Io, folder: string): Io {
  return derived(io, { env: io.env, cwd: () => folder })
}

function derived(io: Io, { env, cwd }: Pick<Io, 'env' | 'cwd'>): Io {
  const { stdout, stderr, interrupts } = io
  return {
    stdout,
    stderr,
    interrupts,
    env,
    cwd,
    get stdin() {
      return io.stdin // only looked at by whoever reads it
    },
  }
}

/** Every time is printed in UTC; that an unknown zone silently means UTC to Node should not pass unnoticed all the same. */
function warnOfTimeZone({ env, stderr }: Io): void {
  const zone = env['TZ'] ?? ''
  if (zone === '' || zone.startsWith(':') || zone.startsWith('/')) return
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
  } catch {
    // POSIX forms such as CET-1CEST are none of Intl's names and still mean something to the system.
    if (/^[A-Za-z]{3,}[+-]?\d/.test(zone)) return
    stderr.line(`warning  config/time-zone\n  TZ=${printable(zone, 80)} is no time zone; times are UTC`)
  }
}
