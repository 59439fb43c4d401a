import { lookup as resolveName, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Violation } from '../errors.ts'

/** `::/96`, IPv4-compatible: obsolete, and some systems still deliver it to the IPv4 address inside. */
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR('::/96')
/** `64:ff9b::/96`: a NAT64 gateway delivers to the IPv4 address in the last four bytes. */
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** Whether an address is anything but one unicast host of the public internet. What is no address counts as internal. */
export function isInternalAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return true
  const address = ipaddr.process(text) // unwraps IPv4-mapped IPv6
  if (address instanceof ipaddr.IPv6) {
    if (address.match(IPV4_COMPATIBLE)) return true
    if (address.match(NAT64)) return isInternalAddress(address.toByteArray().slice(12).join('.'))
  }
  return address.range() !== 'unicast'
}

export function internalAddressViolation(host: string): Violation {
  return new Violation(
    `Hostname '${host}' resolves to an internal address`,
    "name the host in sandbox.allowed_domains; on a worker its operator's floor must allow internal addresses too",
  )
}

/**
 * Resolves a name and hands on what it checked, so that the connection goes to a checked address and nowhere else. A name
 * with even one internal address is refused.
 */
export const checkedLookup: LookupFunction = (host, options, callback) => {
  resolveName(host, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
    const [first] = addresses ?? []
    if (error !== null || first === undefined) return callback(error ?? new Error(`no address for ${host}`), '', 0)
    if (addresses.some(({ address }) => isInternalAddress(address)))
      return callback(internalAddressViolation(host), '', 0)
    return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family)
  })
}
