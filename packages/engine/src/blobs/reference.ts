/** What stands in the journal for a large value. JSON never begins with an `@`. */
const REFERENCE = /^@blob:sha256-([0-9a-f]{64}):(\d{1,12})$/
const MARK = '@'

export interface BlobReference {
  readonly hash: string
  /** Characters of the text. */
  readonly length: number
}

export function referenceText({ hash, length }: BlobReference): string {
  return `@blob:sha256-${hash}:${length}`
}

/** The quick question. */
export function isReference(text: string): boolean {
  return text.startsWith(MARK)
}

export function parseReference(text: string): BlobReference | null {
  if (!isReference(text)) return null
  const found = REFERENCE.exec(text)
  return found === null ? null : { hash: found[1] ?? '', length: Number(found[2]) }
}

/** The run at the top of the tree, whose id the ids of all below it begin with. */
export function ownerOf(runId: string): string {
  const dot = runId.indexOf('.')
  return dot < 0 ? runId : runId.slice(0, dot)
}
