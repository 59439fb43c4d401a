import type { Change, JournalRecord, LoadedRun } from '@agentloom/engine'
import type { ChangeCells } from '../store/messages.ts'
import { cellsOf, startCellsOf } from './rows.ts'

/** A whole run as the changes that write it. */
export function changesOf({ header, records }: LoadedRun, definitionText: string): readonly ChangeCells[] {
  return groupedByCommit(records).map(({ from, group }, index) => {
    const isLast = from + group.length === records.length
    const status = isLast
      ? { status: header.status, error: header.error }
      : ({ status: 'running', error: null } as const)
    const change: Change = { from, records: group, start: null, header: { ...header, ...status } }
    return cellsOf(change, index === 0 ? startCellsOf(header, definitionText) : null)
  })
}

/** A row of the file holds one commit at most. */
function groupedByCommit(
  records: readonly JournalRecord[],
): readonly { readonly from: number; readonly group: readonly JournalRecord[] }[] {
  const groups: { from: number; group: JournalRecord[] }[] = []
  for (const [index, record] of records.entries()) {
    const last = groups.at(-1)
    if (last === undefined || record.kind === 'committed') groups.push({ from: index, group: [record] })
    else last.group.push(record)
  }
  return groups
}
