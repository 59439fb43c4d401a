import type { z } from 'zod'

/** What a handler is given beside its input. */
export interface FunctionContext {
  /** Fires when the step is cancelled, paused, timed out or taken over; give it to whatever takes long. */
  readonly signal: AbortSignal
  /** Stays the same over attempts and workers: hand it to services that can tell a repeat. */
  readonly idempotencyKey: string
  readonly runId: string
  readonly stepId: string
  /** 1-based. */
  readonly attempt: number
  /** How often the step was claimed; higher than `attempt` after a worker died. */
  readonly epoch: number
  /**
   * A secret of the process that runs the step. It is masked in what the step gives and logs. Without one of this name the call
   * rejects, and the step waits until there is one.
   */
  secret(name: string): Promise<string>
  /** Tells that the function gets on; see `idleTimeoutMs` of `defineFunction`. */
  heartbeat(): void
  log(message: string, fields?: object): void
}

/** A named function that workers execute; made by `defineFunction`. */
export interface FunctionDefinition<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: 'agentloom.function'
  readonly name: string
  readonly version: string | null
  readonly input: Input
  readonly output: Output | null
  /** See {@link defineFunction}; null without one. */
  readonly idleTimeoutMs: number | null
  run(input: z.output<Input>, ctx: FunctionContext): z.input<Output> | Promise<z.input<Output>>
}

/**
 * Names a function so that workflows can call it and workers can find it.
 * @param options.name what workflows write in `handler`, alone or as `name@version`; with its version unique in a worker
 * @param options.version to be raised when it does another thing: runs of built workflows go on with the version they began with
 * @param options.input checked before each attempt; what does not fit fails the step for good with `step/input`
 * @param options.output checked after it; what does not fit fails the step for good with `step/output`
 * @param options.idleTimeoutMs the function tells that it gets on at least so often (`ctx.heartbeat()`, `ctx.log()`); when it does not, the
 *   attempt is given up as `step/idle`, and tried again. Default: it may be silent as long as the step's `timeout` lets it
 */
export function defineFunction<Input extends z.ZodType, Output extends z.ZodType = z.ZodType>(options: {
  readonly name: string
  readonly version?: string
  readonly input: Input
  readonly output?: Output
  readonly idleTimeoutMs?: number
  run(input: z.output<Input>, ctx: FunctionContext): z.input<Output> | Promise<z.input<Output>>
}): FunctionDefinition<Input, Output> {
  const { name, version = null, input, output = null, idleTimeoutMs = null } = options
  return { kind: 'agentloom.function', name, version, input, output, idleTimeoutMs, run: options.run.bind(options) }
}

/** `name`, or `name@version` where it has one: what workers announce, and what runs of built workflows are pinned to. */
export function handlerOf({ name, version }: Pick<FunctionDefinition, 'name' | 'version'>): string {
  return version === null ? name : `${name}@${version}`
}

/**
 * Whether a function that somebody has, by what `handlerOf` says of it, is one that a workflow names: of this version, or of any
 * version where the workflow names none.
 */
export function isServedBy(handler: string, announced: string): boolean {
  return announced === handler || (versionAt(handler) < 0 && announced.slice(0, versionAt(announced)) === handler)
}

/** Below 0: it has none. A name may begin with an `@`. */
function versionAt(handler: string): number {
  const at = handler.lastIndexOf('@')
  return at > 0 ? at : -1
}

/** Whether a module's export is a function made by `defineFunction`. */
export function isFunctionDefinition(value: unknown): value is FunctionDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'agentloom.function'
}
