import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Environment } from '../io/environment.ts'
import type { Io } from '../io/io.ts'

/** Options of `worker` and `server`, which check them themselves. */
export interface ProgramOptions {
  readonly envFile?: string
  readonly [flag: string]: string | readonly string[] | undefined
}

export async function withEnvFile(
  { envFile, ...flags }: ProgramOptions,
  surrounding: Io,
): Promise<{ readonly flags: { [flag: string]: string | string[] }; readonly env: Environment }> {
  const { io } = await surroundingsOf(surrounding, { envFile })
  const given = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, typeof value === 'string' ? value : [...value]] as const],
  )
  return { flags: Object.fromEntries(given), env: io.env }
}
