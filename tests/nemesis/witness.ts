import { open } from 'node:fs/promises'
import { z } from 'zod'

const executionSchema = z.object({
  did: z.string().optional(),
  left: z.string().optional(),
  runId: z.string(),
  stepId: z.string(),
  epoch: z.number(),
  attempt: z.number(),
  pid: z.number(),
  monotonicMs: z.number(),
  wallMs: z.number(),
})
export type Execution = z.infer<typeof executionSchema>

const logSchema = z.object({
  message: z.string(),
  run_id: z.string().optional(),
  step_id: z.string().optional(),
  level: z.string().optional(),
  timestamp: z.string().optional(),
  exception: z.object({ message: z.string() }).optional(),
})
export type LogLine = z.infer<typeof logSchema>

const LOST = 'step was taken over or its run is over; the result was thrown away'
const CHUNK_BYTES = 1 << 20
/** So long after a stall a process may still begin what it had claimed before. */
const AFTER_STALL_MS = 3_000

/** Reads what the workers leave in their common log, in the order in which it happened, and judges it. */
export class Witness {
  readonly #file: string
  #offset = 0
  #reading: Promise<void> = Promise.resolve()
  readonly #open = new Map<number, Set<string>>()
  readonly #epochs = new Map<string, number>()
  /** step → the highest epoch that had begun when its commit was acknowledged. */
  readonly #acknowledged = new Map<string, number>()
  readonly #begun = new Set<string>()
  readonly #ended = new Set<string>()
  readonly #stalls = new Map<number, { readonly fromMs: number; untilMs: number }[]>()
  readonly #listeners = new Set<(line: Execution | LogLine) => void>()
  /** Executions of a step whose commit a worker had been told of: there must be none (I1). */
  readonly again: string[] = []
  readonly messages = new Map<string, number>()
  executions = 0
  commits = 0

  constructor(file: string) {
    this.#file = file
  }

  /** Takes in what was written since. */
  read(): Promise<void> {
    this.#reading = this.#reading.then(() => this.#readOn())
    return this.#reading
  }

  /** What a process is at right now: `run step key`. */
  openOf(pid: number): ReadonlySet<string> {
    return this.#open.get(pid) ?? new Set()
  }

  /** Whether the process has done anything. */
  hasWorked(pid: number): boolean {
    return this.#open.has(pid)
  }

  /** Whether any step of the run was claimed. */
  isBegun(runId: string): boolean {
    return this.#begun.has(runId)
  }

  /** Whether a worker was told that the run is over. */
  isEnded(runId: string): boolean {
    return this.#ended.has(runId)
  }

  /** From now until the returned function is called, the process may hold a claim without knowing that it is stale. */
  stall(pid: number): () => void {
    const stall = { fromMs: monotonicMs(), untilMs: Number.POSITIVE_INFINITY }
    this.#stalls.set(pid, [...(this.#stalls.get(pid) ?? []), stall])
    return () => {
      stall.untilMs = monotonicMs()
    }
  }

  /** @returns how to stop listening */
  listen(listener: (line: Execution | LogLine) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves true when a line fits within the time; reads meanwhile. */
  async until(fits: (line: Execution | LogLine) => boolean, msMax: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const stop = this.listen((line) => fits(line) && resolve(true))
    const timer = setTimeout(() => resolve(false), msMax)
    const reading = setInterval(() => void this.read(), 50)
    try {
      return await promise
    } finally {
      stop()
      clearTimeout(timer)
      clearInterval(reading)
    }
  }

  async #readOn(): Promise<void> {
    await using file = await open(this.#file, 'r')
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, this.#offset)
      if (bytesRead === 0) return
      const end = buffer.lastIndexOf('\n', bytesRead - 1) + 1
      if (end === 0) return // a line that is being written
      this.#offset += end
      for (const line of buffer.toString('utf8', 0, end).split('\n')) if (line !== '') this.#take(line)
    }
  }

  #take(text: string): void {
    const value = asJson(text)
    const execution = executionSchema.safeParse(value)
    if (execution.success) this.#takeExecution(execution.data)
    const log = execution.success ? null : logSchema.safeParse(value)
    const line = execution.data ?? log?.data ?? { message: text }
    if ('message' in line) this.#takeLog(line)
    for (const listener of this.#listeners) listener(line)
  }

  #takeExecution(line: Execution): void {
    const { did, left, runId, stepId, pid, epoch } = line
    const open = this.#open.get(pid) ?? new Set()
    this.#open.set(pid, open)
    if (left !== undefined) open.delete(`${runId} ${stepId} ${left}`)
    if (did === undefined) return
    open.add(`${runId} ${stepId} ${did}`)
    this.executions += 1
    const step = `${runId} ${stepId}`
    const acknowledged = this.#acknowledged.get(step)
    if (acknowledged !== undefined && (epoch > acknowledged || !this.#isStalled(line)))
      this.again.push(
        `${step}: epoch ${epoch} began after the commit of epoch ${acknowledged} at most was acknowledged`,
      )
    this.#epochs.set(step, Math.max(this.#epochs.get(step) ?? 0, epoch))
  }

  #takeLog({ message, run_id: runId, step_id: stepId }: LogLine): void {
    this.messages.set(message, (this.messages.get(message) ?? 0) + 1)
    if (runId === undefined) return
    if (message === 'run ended') this.#ended.add(runId)
    if (stepId === undefined) return
    if (message === 'step started') this.#begun.add(runId)
    if (message !== 'step committed') return
    this.commits += 1
    const step = `${runId} ${stepId}`
    this.#acknowledged.set(step, this.#epochs.get(step) ?? 0)
  }

  #isStalled({ pid, monotonicMs: atMs }: Execution): boolean {
    return (this.#stalls.get(pid) ?? []).some(
      ({ fromMs, untilMs }) => fromMs <= atMs && atMs <= untilMs + AFTER_STALL_MS,
    )
  }
}

/** A stale worker was told so. */
export function isRefusal(line: Execution | LogLine): line is LogLine & { run_id: string; step_id: string } {
  return 'message' in line && line.message === LOST
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
