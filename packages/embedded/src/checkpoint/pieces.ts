import type { JournalRecord } from '@agentloom/engine'

/** What crosses to the thread at once: some 0.1 ms, so that the event loop stays free whatever a run weighs. */
const PIECE_RECORDS = 200
const PIECE_CHARACTERS = 256 * 1024

/** The records from an index on in pieces, at least one; a heavy record is a piece of its own. */
export function* piecesOf(
  records: readonly JournalRecord[],
  first: number,
): Generator<{ readonly from: number; readonly records: readonly JournalRecord[]; readonly isLast: boolean }> {
  let from = first
  do {
    let to = from
    let weight = 0
    while (to < records.length && to - from < PIECE_RECORDS && (weight === 0 || weight < PIECE_CHARACTERS)) {
      weight += weightOf(records[to])
      to += 1
    }
    yield { from, records: records.slice(from, to), isLast: to === records.length }
    from = to
  } while (from < records.length)
}

export function isLight(records: readonly JournalRecord[]): boolean {
  if (records.length > PIECE_RECORDS) return false
  return records.reduce((sum, record) => sum + weightOf(record), 0) <= PIECE_CHARACTERS
}

function weightOf(record: JournalRecord | undefined): number {
  switch (record?.kind) {
    case 'committed':
    case 'failed':
      return record.output?.length ?? 0
    case 'noted':
      return record.note.length
    case 'signalled':
      return record.payload.length
    default:
      return 0
  }
}
