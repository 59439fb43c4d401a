import { realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { namedFiles, nameBelow } from '../compile/children/named-files.ts'
import { defineFromYaml, type FromYaml } from '../compile/define.ts'
import { CHILD_LEVELS_MAX } from '../compile/limits.ts'
import type { Diagnostic } from '../diagnostics/diagnostic.ts'
import { Findings } from '../diagnostics/findings.ts'
import type { Path } from '../diagnostics/path.ts'
import { shown } from '../diagnostics/shown.ts'
import { WorkflowError } from '../diagnostics/workflow-error.ts'
import { FileError } from './errors.ts'
import { isMissing, readRegularFile } from './read-file.ts'

/** Bytes of a file of recorded answers; it travels with the definition. */
export const RESPONSES_BYTES_MAX = 8_388_608
/** Bytes of all files of sub-workflows together; they travel with the definition, one text for each place that names it. */
export const CHILDREN_BYTES_MAX = 8_388_608
/** Places that name files, over all levels. */
const FILES_MAX = 1_000
const CHILD_BYTES_MAX = 1_048_576

interface Folders {
  readonly cwd: string
  readonly root: string | null
}

/** A workflow file whose names are being followed. */
interface Including {
  readonly loaded: FromYaml
  readonly folder: string
  /** Its own name among the files; null for the first. */
  readonly name: string | null
  /** Files that include it and itself, links followed, with the names they go by. */
  readonly chain: ReadonlyMap<string, string>
}

/** The files that a workflow file names for loading, read once. */
export class Attachments {
  readonly #full: string
  readonly #real: string
  readonly #folders: Folders
  readonly #files = new Map<string, string>()
  readonly #warnings: Diagnostic[] = []
  #bytesLeft = CHILDREN_BYTES_MAX

  private constructor(full: string, real: string, folders: Folders) {
    this.#full = full
    this.#real = real
    this.#folders = folders
  }

  /** @throws {FileError} `file/outside-root` */
  static async of(full: string, { cwd, root }: Folders): Promise<Attachments> {
    const folders = { cwd, root: root === null ? null : await realpath(root) }
    return new Attachments(full, await checkedPath(full, folders), folders)
  }

  async collect(loaded: FromYaml): Promise<{
    readonly files: { readonly [name: string]: string }
    readonly warnings: readonly Diagnostic[]
  }> {
    const chain = new Map([[this.#real, loaded.source.file ?? this.#full]])
    await this.#follow({ loaded, folder: dirname(this.#full), name: null, chain })
    return { files: Object.fromEntries(this.#files), warnings: this.#warnings }
  }

  async #follow(including: Including): Promise<void> {
    const { loaded, name } = including
    const named = namedFiles(loaded.definition.workflow)
    for (const [file, path] of named.responses) {
      const found = await this.#read(file, including, RESPONSES_BYTES_MAX)
      if (found !== null) this.#files.set(name === null ? file : nameBelow(name, file), found.text)
      else {
        const message = `there is no file '${shown(file)}'; the mock answers as if none was named`
        this.#warn(loaded, { code: 'file/missing', path, message })
      }
    }
    // One after the other, so that the limits hold.
    for (const [file, path] of named.workflows) await this.#include(file, path, including)
  }

  async #include(file: string, path: Path, including: Including): Promise<void> {
    const { loaded, name, chain } = including
    const own = name === null ? file : nameBelow(name, file)
    const found = await this.#readChild(file, path, including)
    if (found === null) return
    this.#files.set(own, found.text)
    this.#bytesLeft -= found.text.length
    if (this.#files.size > FILES_MAX || this.#bytesLeft < 0) throw limitError(loaded, path)
    if (chain.has(found.real)) throw recursionError(loaded, path, [...chain.values(), file])
    // The compiler refuses what lies deeper.
    if (chain.size > CHILD_LEVELS_MAX) return
    const child = definedFrom(found.text, file, loaded)
    if (child === null) return
    const inside = new Map([...chain, [found.real, file]])
    await this.#follow({ loaded: child, folder: dirname(found.full), name: own, chain: inside })
  }

  /** Null where there is nothing of the name. */
  async #readChild(file: string, path: Path, including: Including): Promise<Found | null> {
    try {
      return await this.#read(file, including, CHILD_BYTES_MAX)
    } catch (error) {
      if (!(error instanceof FileError) || error.code === 'file/outside-root') throw error
      this.#warn(including.loaded, { code: error.code, path, message: error.message })
      return { full: '', real: '', text: '' }
    }
  }

  async #read(file: string, { folder }: Including, bytesMax: number): Promise<Found | null> {
    for (const full of new Set([resolve(folder, file), resolve(this.#folders.cwd, file)])) {
      try {
        const real = await checkedPath(full, this.#folders)
        return { full, real, text: decoded(await readRegularFile(full, bytesMax), full) }
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    }
    return null
  }

  #warn({ source }: FromYaml, at: { code: Diagnostic['code']; path: Path; message: string }): void {
    const findings = new Findings(source)
    findings.warn(at.code, at.path, at.message)
    this.#warnings.push(...findings.warnings)
  }
}

interface Found {
  readonly full: string
  readonly real: string
  readonly text: string
}

/** Links followed; what cannot be followed, or is not there, is left to the reading. @throws {FileError} `file/outside-root` */
async function checkedPath(full: string, { root }: Folders): Promise<string> {
  const real = await realpath(full).catch(() => null)
  if (real === null || root === null) return real ?? full
  const inside = relative(root, real)
  if (inside !== '..' && !inside.startsWith(`..${sep}`) && resolve(root, inside) === real) return real
  throw new FileError('file/outside-root', `${shown(full)} lies outside of the folder of workflows`, { path: full })
}

/** Null for a text that is no workflow: its step fails when it is reached. */
function definedFrom(text: string, file: string, { definition: { compat } }: FromYaml): FromYaml | null {
  try {
    return defineFromYaml(text, { file, compat })
  } catch (error) {
    if (error instanceof WorkflowError) return null
    throw error
  }
}

function recursionError({ source }: FromYaml, path: Path, chain: readonly string[]): Error {
  const findings = new Findings(source)
  const names = chain.map((name) => shown(name, 80)).join(' -> ')
  findings.error('workflow/recursion', path, `a sub-workflow includes itself: ${names}`)
  findings.throwErrors()
  return new Error('an error was reported and not thrown')
}

function limitError({ source }: FromYaml, path: Path): Error {
  const findings = new Findings(source)
  const message = `more than ${FILES_MAX} files, or ${CHILDREN_BYTES_MAX} bytes, of sub-workflows`
  findings.error('workflow/limit', path, message)
  findings.throwErrors()
  return new Error('an error was reported and not thrown')
}

function decoded(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new FileError('file/encoding', `${shown(path)} is not UTF-8`, { path, help: 'save the file as UTF-8' })
  }
}
