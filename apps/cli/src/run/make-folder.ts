import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

/** A folder and those above it that are missing. (Node's own `recursive` never ends below /proc.) */
export async function makeFolder(path: string, mode: number): Promise<void> {
  if (await made(path, mode)) return
  if (dirname(path) === path) throw new Error(`no folder can be made at ${path}`)
  await makeFolder(dirname(path), mode)
  await mkdir(path, { mode }).catch(unless('EEXIST'))
}

/** False where the folder above is missing. */
async function made(path: string, mode: number): Promise<boolean> {
  try {
    await mkdir(path, { mode })
  } catch (error) {
    if (Error.isError(error) && 'code' in error && error.code === 'ENOENT') return false
    unless('EEXIST')(error)
  }
  return true
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!Error.isError(error) || !('code' in error) || error.code !== code) throw error
  }
}
