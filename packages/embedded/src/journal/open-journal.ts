import { Store } from '../store/store.ts'
import { EmbeddedJournal } from './embedded-journal.ts'

export interface JournalOptions {
  /** Holds `journal.db`. */
  readonly folder: string
  /** `write` (default) makes folder and file when missing; `read` changes nothing, and a missing file is an empty journal. */
  readonly access?: 'write' | 'read'
  /** Milliseconds since 1970; default the machine's clock. */
  readonly now?: () => number
}

/**
 * Opens the journal of a folder. Several processes may have it open; a run is executed by one of them.
 * @throws {StoreError} `store/path`, `store/read-only`, `store/full`, `store/locked`, `store/corrupt`, `store/not-a-database`,
 *   `store/newer-schema`; the file is left as it is
 */
export async function openJournal({
  folder,
  access = 'write',
  now = Date.now,
}: JournalOptions): Promise<EmbeddedJournal> {
  // A bell rung in this process cannot be lost, nor can a claim outlive the process.
  return new EmbeddedJournal(await Store.open({ folder, access }), {
    now,
    offerMs: null,
    hasLeases: false,
    hasPools: false,
  })
}
