// Numbers as people read them. The same bytes whatever the locale.

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

export function durationText(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 120) return `${minutes} min ${Math.floor(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const NANO_PER_USD = 1_000_000_000

export function dollars(nanoUsd: number): number {
  return nanoUsd / NANO_PER_USD
}

/** Four decimals; what is less than that is not shown as nothing. */
export function costText(nanoUsd: number): string {
  if (nanoUsd > 0 && nanoUsd < 50_000) return '<$0.0001'
  return `$${dollars(nanoUsd).toFixed(4)}`
}

/** `2026-11-23T22:29:41`, UTC. */
export function timeText(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 19)
}
