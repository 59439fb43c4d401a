import type { LoadedRun, RunHeader } from '@agentloom/engine'
import { AgentloomError } from '@agentloom/workflow'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readCheckpoint } from './read-checkpoint.ts'
import { writeCheckpoint } from './write-checkpoint.ts'

/** A run as its checkpoint holds it. */
export interface Checkpoint extends LoadedRun {
  readonly definitionText: string
}

export interface CheckpointList {
  readonly headers: readonly RunHeader[]
  /** Files that could not be read; the others are listed all the same. */
  readonly bad: readonly { readonly file: string; readonly error: AgentloomError }[]
}

/** Files open at a time; more only makes the disk turn between them. */
const READS_MAX = 8

const NAME = /^([A-Za-z0-9_.~-]{1,200})\.json$/

/** The compact files of runs, one each: `<folder>/<runId>.json`. The folder is made at the first write. */
export class CheckpointStore {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  fileOf(runId: string): string {
    return join(this.folder, `${runId}.json`)
  }

  /** Writes or replaces a run's file: whole or not at all, synced, and never holding the event loop. */
  write(loaded: LoadedRun, definitionText: string): Promise<void> {
    const { header, records } = loaded
    return writeCheckpoint(this.fileOf(header.runId), { header, records, definitionText })
  }

  /** Null when the run has no file. @throws {CheckpointCorruptError} `checkpoint/corrupt` */
  async read(runId: string): Promise<Checkpoint | null> {
    return NAME.test(`${runId}.json`) ? readCheckpoint(this.fileOf(runId)) : null
  }

  /** Run ids that have a file, in no order. */
  async ids(): Promise<readonly string[]> {
    const names = await readdir(this.folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.flatMap((name) => NAME.exec(name)?.[1] ?? [])
  }

  /** Headers of the runs named, or of all, newest first. Files that cannot be read are reported, not thrown. */
  async list(runIds?: readonly string[]): Promise<CheckpointList> {
    const open = [...(runIds ?? (await this.ids()))]
    const headers: RunHeader[] = []
    const bad: CheckpointList['bad'][number][] = []
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
    return { headers: headers.sort((a, b) => b.createdAtMs - a.createdAtMs), bad }
  }
}

/** The checkpoints of a folder. @see CheckpointStore.list */
export function listCheckpoints(folder: string): Promise<CheckpointList> {
  return new CheckpointStore(folder).list()
}
