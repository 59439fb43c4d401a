import { readRegularFile } from '@agentloom/workflow/node'
import { SettingError } from './errors.ts'

/** Settings are written by hand. */
const BYTES_MAX = 1_048_576

/** A file of settings. @throws {SettingError} with this code, when it is no JSON @throws {FileError} `file/…` */
export async function readJsonFile(file: string, code: SettingError['code']): Promise<unknown> {
  const bytes = await readRegularFile(file, BYTES_MAX)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new SettingError(code, `not JSON: ${error instanceof Error ? error.message : String(error)}`, { place: file })
  }
}
