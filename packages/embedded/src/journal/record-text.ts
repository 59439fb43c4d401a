import type { JournalRecord, StepUsage } from '@agentloom/engine'

/** A record as JSON, but for a commit's output, which stands beside it: inside, every quote of it would be escaped. */
export function recordText(record: JournalRecord): string {
  switch (record.kind) {
    // The two kinds that every step writes are put together by hand, in half the time of JSON.stringify.
    case 'claimed': {
      const { atMs, stepId, epoch, worker } = record
      return `{"kind":"claimed","atMs":${atMs},"stepId":${JSON.stringify(stepId)},"epoch":${epoch},"worker":${JSON.stringify(worker)}}`
    }
    case 'committed': {
      const { atMs, stepId, epoch, usage } = record
      return `{"kind":"committed","atMs":${atMs},"stepId":${JSON.stringify(stepId)},"epoch":${epoch},"usage":${usageText(usage)}}`
    }
    default:
      return JSON.stringify(record)
  }
}

function usageText({ durationMs, tokens, costNanoUsd, model, provider }: StepUsage): string {
  const names =
    model === null && provider === null
      ? '"model":null,"provider":null'
      : JSON.stringify({ model, provider }).slice(1, -1)
  return `{"durationMs":${durationMs},"tokens":${tokens},"costNanoUsd":${costNanoUsd},${names}}`
}
