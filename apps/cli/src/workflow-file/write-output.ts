import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from '../errors.ts'
import { printable } from '../terminal/printable.ts'

/** Writes over what is there. @throws {CliError} `output/unwritten` */
export async function writeOutput(path: string, text: string, cwd: string): Promise<void> {
  try {
    await writeFile(resolve(cwd, path), text)
  } catch (error) {
    const reason = Error.isError(error) && 'code' in error ? String(error.code) : String(error)
    throw new CliError('output/unwritten', `it cannot be written: ${printable(reason)}`, { place: path })
  }
}
