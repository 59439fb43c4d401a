import { type Floor, floorSchema } from '@agentloom/tools'
import { FileError, readRegularFile } from '@agentloom/workflow/node'
import { SettingError } from './errors.ts'

/** A floor is a dozen short lists. */
const FLOOR_BYTES_MAX = 65_536

/** What an operator allows on this worker. @throws {SettingError} `config/floor-file` @throws {FileError} `file/…` */
export async function readFloor(file: string): Promise<Floor> {
  const parsed = floorSchema.safeParse(await readJson(file))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = ['$', ...(issue?.path ?? [])].map(String).join('.')
  throw floorError(file, `${path}: ${issue?.message ?? 'cannot be read'}`)
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await readRegularFile(file, FLOOR_BYTES_MAX)))
  } catch (error) {
    if (error instanceof FileError) throw error
    throw floorError(file, error instanceof Error ? error.message : String(error))
  }
}

function floorError(file: string, problem: string): SettingError {
  const message = `the floor for tools cannot be read: ${problem}`
  return new SettingError('config/floor-file', message, {
    place: file,
    help: 'correct the file that AGENTLOOM_FLOOR_FILE names',
  })
}
