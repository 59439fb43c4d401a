import type { SandboxSettings } from '@agentloom/workflow'

/** Tells somebody outside that a gate waits; `@agentloom/tools` implements it. */
export interface Webhooks {
  /**
   * POSTs once; redirects are not followed, and an answer that is not 2xx is a failure.
   * @throws {AgentloomError} `sandbox/violation` where the address must not be reached; else whatever went wrong, `retryable` decided
   */
  post(request: WebhookRequest): Promise<void>
}

export interface WebhookRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly body: string
  /** Of the run's workflow: network rules, and whether internal addresses may be reached. */
  readonly sandbox: SandboxSettings
  readonly signal: AbortSignal
}
