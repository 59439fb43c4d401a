/** A signal that fires when the caller's does, or when the time is up; `hasRunOut` tells the two apart. */
export class Deadline implements Disposable {
  readonly signal: AbortSignal
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout
  private readonly outer: AbortSignal
  private readonly onAbort: () => void
  private isOver = false

  constructor(ms: number, outer: AbortSignal) {
    this.signal = this.controller.signal
    this.outer = outer
    this.onAbort = () => this.controller.abort(outer.reason)
    this.timer = setTimeout(() => {
      this.isOver = true
      this.controller.abort()
    }, ms)
    if (outer.aborted) this.onAbort()
    else outer.addEventListener('abort', this.onAbort, { once: true })
  }

  get hasRunOut(): boolean {
    return this.isOver && !this.outer.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer)
    this.outer.removeEventListener('abort', this.onAbort)
  }
}
