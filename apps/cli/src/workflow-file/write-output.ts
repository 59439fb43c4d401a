import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { CliError } from '../errors.ts'
import { printable } from '../terminal/printable.ts'

/** Writes over what is there. @throws {CliError} `output/unwritten` */
export async function writeOutput(path: string, text: string, cwd: string): Promise<void> {
  try {
    await writeFile(resolve(cwd, path), text)
  } catch (error) {
    throw unwritten(error, path)
  }
}

/** The error of a file that the system refused to write; any other as it is. */
export function unwritten(error: unknown, path: string): unknown {
  if (!Error.isError(error) || !('syscall' in error) || !('code' in error)) return error
  return new CliError('output/unwritten', `it cannot be written: ${printable(String(error.code))}`, { place: path })
}
