import type { TokenUsage } from '@agentloom/engine/ports'

/** One try at one provider, told to the gateway's observer when it is over; for logs, metrics and ledgers. */
export interface CallAttempt {
  readonly runId: string
  readonly stepId: string
  readonly provider: string
  /** The vendor's name of the model. */
  readonly model: string
  /** 1-based, over all candidates of one call. */
  readonly attempt: number
  readonly outcome: 'success' | 'failed' | 'cancelled'
  /** `provider/…` of a failure. */
  readonly code: string | null
  readonly status: number | null
  readonly durationMs: number
  readonly firstTokenMs: number | null
  /** Also of failures, where the vendor has probably billed them; see `isEstimated`. */
  readonly usage: TokenUsage | null
  /** Nano-dollars of `usage`; null where no price is known. */
  readonly costNanoUsd: number | null
}

export type CallObserver = (attempt: CallAttempt) => void
