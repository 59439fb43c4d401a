/** What a database file of ours is, so that it is told from others and from other versions of itself. */
export interface FileKind {
  /** As messages name it. */
  readonly name: string
  /** What to do when it is damaged. */
  readonly help: string
  /** `PRAGMA application_id`: tells our files from other programs' databases, and from each other. */
  readonly applicationId: number
  /** Version of the tables: `PRAGMA user_version`. A file with a higher one is left untouched. */
  readonly version: number
  /** From which on a file can be read as it is; default: only this one. */
  readonly readableFrom?: number
  readonly tables: string
  /** From each version to the next. */
  readonly migrations: readonly string[]
  /** Whether the file may shrink (`auto_vacuum`), at the price of a slower growth. */
  readonly givesSpaceBack: boolean
}
