import type { RunHeader } from '@agentloom/engine'
import { AgentloomError } from '@agentloom/workflow'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Checkpoint } from './checkpoint-store.ts'
import { readCheckpoint } from './read-file.ts'

/** Files open at a time; more only makes the disk turn between them. */
const READS_MAX = 8

const NAME = /^([A-Za-z0-9_.~-]{1,200})\.json$/

/** Checkpoints of the form before the store's: `<folder>/<runId>.json`, one a run. They are read, and gone once the run is written anew. */
export class JsonFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  fileOf(runId: string): string {
    return join(this.#folder, `${runId}.json`)
  }

  /** Null when the run has no file. @throws {CheckpointCorruptError} `checkpoint/corrupt` */
  async read(runId: string): Promise<Checkpoint | null> {
    return NAME.test(`${runId}.json`) ? readCheckpoint(this.fileOf(runId)) : null
  }

  async remove(runId: string): Promise<void> {
    if (NAME.test(`${runId}.json`)) await rm(this.fileOf(runId), { force: true })
  }

  /** Run ids that have a file, in no order. */
  async ids(): Promise<readonly string[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.flatMap((name) => NAME.exec(name)?.[1] ?? [])
  }

  async headers(runIds: readonly string[]): Promise<{
    readonly headers: readonly RunHeader[]
    readonly bad: readonly { readonly file: string; readonly error: AgentloomError }[]
  }> {
    const open = [...runIds]
    const headers: RunHeader[] = []
    const bad: { readonly file: string; readonly error: AgentloomError }[] = []
    const readOn = async (): Promise<void> => {
      for (let runId = open.pop(); runId !== undefined; runId = open.pop()) {
        try {
          const found = await this.read(runId)
          if (found !== null) headers.push(found.header)
        } catch (error) {
          if (!(error instanceof AgentloomError)) throw error
          bad.push({ file: this.fileOf(runId), error })
        }
      }
    }
    await Promise.all(Array.from({ length: READS_MAX }, readOn))
    return { headers, bad }
  }
}
