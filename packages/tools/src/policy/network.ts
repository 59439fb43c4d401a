import { domainToASCII } from 'node:url'
import { isIP } from 'node:net'
import { cut, Fault, Violation } from '../errors.ts'
import { internalAddressViolation, isInternalAddress } from './addresses.ts'
import { helpOf, listText, type Policy } from './policy.ts'

export interface Target {
  readonly url: URL
  /** Whether the connection may only go to addresses that were checked. */
  readonly isChecked: boolean
}

/**
 * Reads a URL and applies the network rules in their order: network at all, scheme, domain, literal internal address. Names
 * are resolved and checked when the connection is made.
 */
export function allowedTarget(text: string, policy: Policy): Target {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(text)?.[0].toLowerCase() ?? ''
  for (const guard of policy.guards) {
    if (!guard.allowNetwork)
      throw new Violation(
        'Network access is blocked by sandbox policy',
        helpOf(guard, 'set sandbox.allow_network: true'),
      )
    if (!guard.schemes.includes(scheme))
      throw new Violation(`URL scheme '${scheme}' is not allowed. Allowed: ${listText(guard.schemes)}`)
  }
  if (scheme === '')
    throw new Fault("Request URL is missing an 'http://' or 'https://' protocol.", { retryable: false })
  if (scheme !== 'http' && scheme !== 'https')
    throw new Fault(`Request URL has an unsupported protocol '${scheme}://'.`, { retryable: false })

  const url = URL.parse(text)
  if (url === null) throw new Fault(`'${cut(text, 200)}' is not a URL`, { retryable: false })
  const host = hostOf(url)
  for (const guard of policy.guards) {
    if (guard.domains.length > 0 && !guard.domains.some((domain) => asHost(domain) === host))
      throw new Violation(
        `Domain '${host}' not in allowed domains. Allowed: ${listText(guard.domains)}`,
        helpOf(guard, 'add the exact host name to sandbox.allowed_domains'),
      )
  }
  const isChecked = policy.guards.some((guard) => !guard.allowInternal)
  // Connecting to a literal address asks no name server, so it never meets the checked look-up.
  if (isChecked && (isIP(host) === 0 ? isLocalName(host) : isInternalAddress(host)))
    throw internalAddressViolation(host)
  return { url, isChecked }
}

/** What we connect to: decoded, IDNA, numeric forms as dotted quads, no brackets. The same text is compared and connected to. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1')
}

function asHost(domain: string): string {
  const lower = domain.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return domainToASCII(lower) || lower
}

function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host)
}
