/** Every kind of fault. A seed has some of them, and each is counted when it took effect. */
export const FAULTS = [
  'crash-holding',
  'crash-in-request',
  'worker-restart',
  'drain',
  'pause-holding',
  'lease-lost-in-pause',
  'takeover-of-dead',
  'takeover-of-living',
  'quarantine',
  'clock-jump',
  'request-lost',
  'request-refused',
  'reply-lost',
  'reply-refused',
  'command-doubled',
  'slow-message',
  'bell-lost',
  'bell-doubled',
  'bell-late',
  'no-handler',
  'user-paused',
  'user-resumed',
  'user-cancelled',
  'user-decided',
  'user-decided-otherwise',
  'user-signalled',
  'user-signalled-otherwise',
  'user-reopened',
  'producer-crash',
  'rolled-back',
  'all-lost',
  'run-restored',
  'recovery-crash',
  'disk-full',
  'resent-from-spool',
] as const

export type Fault = (typeof FAULTS)[number]

export type FaultCounts = Record<Fault, number>

export function noFaults(): FaultCounts {
  return Object.fromEntries(FAULTS.map((fault) => [fault, 0])) as FaultCounts // one entry each
}

export function addFaults(sum: FaultCounts, more: FaultCounts): void {
  for (const fault of FAULTS) sum[fault] += more[fault]
}
