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
  log(message: string, fields?: object): void
}

/** A named function that workers execute; made by `defineFunction`. */
export interface FunctionDefinition<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: 'agentloom.function'
  readonly name: string
  readonly version: string | null
  readonly input: Input
  readonly output: Output | null
  run(input: z.output<Input>, ctx: FunctionContext): z.input<Output> | Promise<z.input<Output>>
}

/**
 * Names a function so that workflows can call it and workers can find it.
 * @param options.name what workflows write in `handler`; unique in a worker
 * @param options.input checked before each attempt; what does not fit fails the step for good with `step/input`
 * @param options.output checked after it; what does not fit fails the step for good with `step/output`
 */
export function defineFunction<Input extends z.ZodType, Output extends z.ZodType = z.ZodType>(options: {
  readonly name: string
  readonly version?: string
  readonly input: Input
  readonly output?: Output
  run(input: z.output<Input>, ctx: FunctionContext): z.input<Output> | Promise<z.input<Output>>
}): FunctionDefinition<Input, Output> {
  const { name, version = null, input, output = null } = options
  return { kind: 'agentloom.function', name, version, input, output, run: options.run.bind(options) }
}

/** Whether a module's export is a function made by `defineFunction`. */
export function isFunctionDefinition(value: unknown): value is FunctionDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'agentloom.function'
}
