/** At most one line of a kind in this time; a flood tells no more than its first drop and its size. */
const WINDOW_MS = 1_000

interface Window {
  openedAtMs: number
  leftOut: number
}

/**
 * Passes at most one call a second of each kind, with the number of those left out since the last.
 * @param kinds known beforehand and few
 */
export function sampler<Kind extends string>(now: () => number): (kind: Kind, tell: (leftOut: number) => void) => void {
  const windows = new Map<Kind, Window>()
  return (kind, tell) => {
    const window = windows.get(kind)
    if (window !== undefined && now() - window.openedAtMs < WINDOW_MS) {
      window.leftOut++
      return
    }
    windows.set(kind, { openedAtMs: now(), leftOut: 0 })
    tell(window?.leftOut ?? 0)
  }
}
