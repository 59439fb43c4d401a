import type { Journal } from '@agentloom/engine'

export interface JournalOptions {
  /** Holds `journal.db`. */
  readonly folder: string
  /** `write` (default) makes folder and file when missing; `read` changes nothing, and a missing file is an empty journal. */
  readonly access?: 'write' | 'read'
}

/** A journal in a SQLite file. Runs of other processes can be read at any time. */
export interface EmbeddedJournal extends Journal, AsyncDisposable {
  close(): Promise<void>
}

/** @throws {StoreError} */
export async function openJournal(_options: JournalOptions): Promise<EmbeddedJournal> {
  throw new Error('being written')
}
