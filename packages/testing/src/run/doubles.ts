import type { ToolBox, ToolContext } from '@agentloom/engine'
import {
  defineFunction,
  fromPlain,
  toPlain,
  type FunctionContext,
  type FunctionDefinition,
  type Plan,
} from '@agentloom/workflow'
import { z } from 'zod'
import { TestRunError } from './errors.ts'

/** In the place of a handler. Gets the input that the workflow gives, checked by the real function's schema where there is one. */
// oxlint-disable-next-line typescript/no-explicit-any -- the workflow's types are not known here; the test's author says them
export type Handler = (input: any, ctx: FunctionContext) => unknown

export type Handlers = Readonly<Record<string, Handler | FunctionDefinition>>

/** In the place of a tool. */
export type Tools = Readonly<Record<string, (args: Readonly<Record<string, unknown>>, context: ToolContext) => unknown>>

/** The functions that a plan calls: the test's, else the workflow's own, else one that fails and says what to give. */
export function functionsFor(
  plan: Plan,
  handlers: Handlers,
  own: readonly FunctionDefinition[],
): readonly FunctionDefinition[] {
  const called = new Set(plan.nodes.flatMap(({ step }) => (step.type === 'function' ? [step.handler] : [])))
  const real = new Map(own.map((definition) => [definition.name, definition]))
  return [...called].map((name) => {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined
    const definition = real.get(name)
    if (typeof handler === 'object') return { ...handler, name }
    if (handler === undefined) return definition ?? missing(name)
    return defineFunction({
      name,
      input: definition?.input ?? z.unknown(),
      ...(definition?.output != null && { output: definition.output }),
      run: handler,
    })
  })
}

function missing(name: string): FunctionDefinition {
  return defineFunction({
    name,
    input: z.unknown(),
    run() {
      throw new TestRunError('testing/no-function', `the test has no function '${name}'`, {
        place: `functions.${name}`,
        help: `give one: functions: { ${JSON.stringify(name)}: (input) => … }`,
      })
    },
  })
}

/** Only the tools that the test gives: a real one would leave traces. */
export function toolsOf(tools: Tools): ToolBox {
  return {
    names: () => Object.keys(tools).sort(),
    async call(name, args, context) {
      const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
      if (tool === undefined) {
        throw new TestRunError('testing/no-tool', `the test has no tool '${name}'`, {
          place: `tools.${name}`,
          help: `give one: tools: { ${name}: (args) => … }`,
        })
      }
      const plain = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, toPlain(value)]))
      return fromPlain(await tool(plain, context))
    },
    onUnknown: () => 'retry',
    verify: async () => null,
    attach: () => {
      throw new TestRunError('testing/no-attachments', 'tests with attachments need the real tools', {
        place: 'tools',
        help: 'leave `attachments` out, or run the workflow on a runtime with createToolBox',
      })
    },
  }
}
