import type { JournalRecord } from '@agentloom/engine'
import { errorText } from './error-codec.ts'
import { quote, tails } from './record-codec.ts'
import { wakeText } from './wait-codec.ts'

/**
 * A record as the scripts would have written it.
 * @param isInline whether a committed output stands in the record itself, because the hash `out` holds a later one
 */
export function recordText(record: JournalRecord, isInline: boolean): string {
  const { atMs } = record
  switch (record.kind) {
    case 'started':
      return `["b",${atMs}]`
    case 'forked':
      return `["y",${atMs},${quote(record.from.runId)},${quote(record.from.stepId)}]`
    case 'migrated':
      return `["j",${atMs},${quote(record.from)},${quote(record.to)}]`
    case 'claimed':
      return `["c",${atMs},${record.epoch}${tails.claimed(record.stepId, record.worker)}`
    case 'committed': {
      const tail = tails.committed(record.epoch, record.stepId, record.usage)
      return `["k",${atMs}${isInline ? `${tail.slice(0, -1)},${JSON.stringify(record.output)}]` : tail}`
    }
    case 'failed':
      return `["f",${atMs},${record.retryAtMs}${tails.failed(record, record.error, record.usage, record.output ?? null)}`
    case 'skipped':
      return `["s",${atMs}${tails.skipped(record.stepId, record.cause)}`
    case 'released':
      return `["r",${atMs}${tails.released(record.epoch, record.stepId, record.reason)}`
    case 'died':
      return `["d",${atMs},${record.epoch},${quote(record.stepId)}]`
    case 'noted': {
      const { epoch, stepId, note, usage } = record
      return `["n",${atMs}${tails.noted(epoch, stepId, { text: note, usage })}`
    }
    case 'waiting':
      return `["w",${atMs},${record.untilMs}${tails.waiting(record.epoch, record.stepId, record.wait, record.usage)}`
    case 'woken':
      return `["v",${atMs},${quote(record.stepId)},${wakeText(record.wake)}]`
    case 'mirrored':
      return `["m",${atMs}${tails.mirrored(record.stepId, record.status)}`
    case 'signalled':
      return `["g",${atMs}${tails.signalled(record.name, record.payload)}`
    case 'closing':
      return `["z",${atMs},"${record.status}",${record.error === null ? 'null' : errorText(record.error)}]`
    case 'paused':
      return `["p",${atMs}${tails.paused(record.reason)}`
    case 'reopened':
      return `["o",${atMs}${tails.reopened(record.reason, record.stepIds)}`
    case 'ended':
      return `["e",${atMs},"${record.status}",${record.error === null ? 'null' : errorText(record.error)}]`
    default:
      return record satisfies never
  }
}
