import { writeSync } from 'node:fs'
import type { FunctionContext } from '@agentloom/workflow'

const STDERR = 2

/**
 * A line in the log that all workers share: one write of an O_APPEND file, so that lines of several processes never mix and their
 * order is the true one.
 */
export function tell(what: 'did' | 'left', { idempotencyKey, runId, stepId, epoch, attempt }: FunctionContext): void {
  const at = { pid: process.pid, monotonicMs: Number(process.hrtime.bigint() / 1_000_000n), wallMs: Date.now() }
  writeSync(STDERR, `${JSON.stringify({ [what]: idempotencyKey, runId, stepId, epoch, attempt, ...at })}\n`)
}
