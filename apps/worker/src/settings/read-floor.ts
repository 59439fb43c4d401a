import { type Floor, floorSchema } from '@agentloom/tools'
import { SettingError } from './errors.ts'
import { readJsonFile } from './read-json-file.ts'

/** What an operator allows on this worker. @throws {SettingError} `config/floor-file` @throws {FileError} `file/…` */
export async function readFloor(file: string): Promise<Floor> {
  const parsed = floorSchema.safeParse(await readJsonFile(file, 'config/floor-file'))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const path = ['$', ...(issue?.path ?? [])].map(String).join('.')
  const help = 'correct the file that AGENTLOOM_FLOOR_FILE names'
  throw new SettingError('config/floor-file', `${path}: ${issue?.message ?? 'cannot be read'}`, { place: file, help })
}
