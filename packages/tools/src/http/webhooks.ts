import type { WebhookRequest, Webhooks } from '@agentloom/engine/ports'
import { Violation, SandboxViolationError, ToolFailedError, Fault } from '../errors.ts'
import { closedFloor, type Floor } from '../floor.ts'
import { allowedTarget } from '../policy/network.ts'
import { policyOf, type Guard, type Policy } from '../policy/policy.ts'
import { asNetworkFault, FRAMING_HEADERS, send } from './http-request.ts'

/** Shown in messages in the place of a tool's name. */
const NAME = 'webhook'

export interface WebhooksOptions {
  /** What the operator of this process allows; `trusted` leaves it to the workflow's sandbox. As for tools. */
  readonly floor: Floor | 'trusted'
}

/**
 * Sends the notifications of gates. Internal addresses are refused whether the sandbox is on or off, unless the workflow says
 * `allow_internal_webhook_targets`; a name is resolved once, and the connection goes to the address that was checked.
 */
export function createWebhooks({ floor }: WebhooksOptions): Webhooks {
  // JavaScript callers may leave it out; then nothing is open.
  const processFloor = floor ?? closedFloor()
  return {
    async post(request) {
      request.signal.throwIfAborted()
      try {
        await post(request, webhookPolicy(request, processFloor))
      } catch (error) {
        request.signal.throwIfAborted()
        throw asWebhookError(error)
      }
    },
  }
}

async function post({ url, headers, body, signal }: WebhookRequest, policy: Policy): Promise<void> {
  const bytes = Buffer.from(body, 'utf8')
  const named = Object.entries({ 'user-agent': 'agentloom', ...headers })
  const all = new Map(named.filter(([name]) => !FRAMING_HEADERS.has(name.toLowerCase())))
  const response = await send({ method: 'POST', headers: all, body: bytes }, allowedTarget(url, policy), signal)
  response.resume() // nobody reads what it says
  const status = response.statusCode ?? 0
  if (status >= 200 && status < 300) return
  throw new Fault(`the receiver answered ${status}`, { retryable: status === 408 || status === 429 || status >= 500 })
}

function webhookPolicy({ sandbox }: WebhookRequest, floor: Floor | 'trusted'): Policy {
  const { guards, isShell } = policyOf(sandbox, floor, '/')
  const isOptedIn = sandbox.allowInternalWebhookTargets
  const own: Guard = {
    owner: 'workflow',
    commands: [],
    dangerOptIn: [],
    readable: [],
    writable: [],
    allowNetwork: true,
    schemes: ['http', 'https'],
    domains: [],
    allowInternal: isOptedIn,
    maxWriteBytes: null,
  }
  const others = guards.map((guard) => (guard.owner === 'workflow' ? { ...guard, allowInternal: isOptedIn } : guard))
  return { guards: [own, ...others], isShell }
}

function asWebhookError(error: unknown): unknown {
  if (error instanceof Violation) {
    const isAddress = error.message.includes('internal address')
    const help = isAddress ? 'set sandbox.allow_internal_webhook_targets: true to opt in' : error.help
    return new SandboxViolationError(NAME, error.message, help)
  }
  const fault = asNetworkFault(error)
  if (!(fault instanceof Fault)) return fault
  return new ToolFailedError(NAME, fault.message, { retryable: fault.retryable, help: fault.help, cause: fault.cause })
}
