import type { ToolBox, ToolContext } from '@agentloom/engine/ports'
import type { Value, ValueMap } from '@agentloom/workflow'
import { attach } from './attachments/attach.ts'
import { shellCommand } from './command/shell-command.ts'
import type { Tool } from './define-tool.ts'
import {
  Fault,
  SandboxViolationError,
  ToolDefinitionError,
  ToolFailedError,
  UnknownToolError,
  Violation,
} from './errors.ts'
import { fileRead } from './files/file-read.ts'
import { fileWrite } from './files/file-write.ts'
import { closedFloor, type Floor } from './floor.ts'
import { httpRequestTool } from './http/http-request.ts'
import { policyOf, type Policy } from './policy/policy.ts'

export interface ToolBoxOptions {
  /** Beside the built-in ones, whose names are taken. */
  readonly tools?: readonly Tool[]
  /**
   * What the operator of this process allows, whatever workflows say. `trusted` is for running one's own file: the
   * workflow's sandbox alone decides, and without one nothing is restricted.
   */
  readonly floor: Floor | 'trusted'
}

type BuiltIn = (args: ValueMap, context: ToolContext, policy: Policy) => Promise<Value>

const BUILT_IN: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  ['file_read', fileRead],
  ['file_write', fileWrite],
  ['http_request', httpRequestTool],
  ['shell_command', shellCommand],
])

type Work<Result> = (args: ValueMap, context: ToolContext) => Promise<Result>

/**
 * The tools of a process: the four built-in ones under the workflow's sandbox and the process's floor, and custom ones.
 * @throws {ToolDefinitionError} two tools of one name
 */
export function createToolBox({ tools = [], floor }: ToolBoxOptions): ToolBox {
  // JavaScript callers may leave it out; then nothing is open.
  const processFloor = floor ?? closedFloor()
  const calls = new Map<string, Work<Value>>()
  const custom = new Map(tools.map((tool) => [tool.name, tool]))
  for (const [name, builtIn] of BUILT_IN)
    calls.set(name, (args, context) =>
      builtIn(args, context, policyOf(context.sandbox, processFloor, context.runFolder)),
    )
  for (const tool of tools) {
    if (calls.has(tool.name)) throw new ToolDefinitionError(`two tools are named '${tool.name}'`)
    calls.set(tool.name, (args, context) => tool.call(args, context))
  }
  const names = [...calls.keys()].sort()

  const run = async <Result>(work: Work<Result>, name: string, args: ValueMap, context: ToolContext) => {
    context.signal.throwIfAborted()
    try {
      return await work(args, context)
    } catch (error) {
      // Whatever broke on the way down, the reason is that somebody asked for the end.
      context.signal.throwIfAborted()
      throw asToolError(name, error)
    }
  }

  return {
    names: () => names,
    async call(name, args, context) {
      const call = calls.get(name)
      if (call === undefined) throw new UnknownToolError(name, names)
      return run(call, name, args, context)
    },
    // The built-in ones are made again, as a step of their own would be.
    onUnknown: (name) => custom.get(name)?.onUnknown ?? 'retry',
    async verify(name, args, context) {
      const tool = custom.get(name)
      if (tool === undefined) throw new UnknownToolError(name, names)
      return run((...call) => tool.verify(...call), name, args, context)
    },
    attach: (attachment, context) => attach(attachment, context, processFloor),
  }
}

/** The inner errors get the tool's name; our own typed ones, and bugs, pass as they are. */
function asToolError(tool: string, error: unknown): unknown {
  if (error instanceof Violation) return new SandboxViolationError(tool, error.message, error.help)
  if (error instanceof Fault)
    return new ToolFailedError(tool, error.message, {
      retryable: error.retryable,
      help: error.help,
      cause: error.cause,
    })
  return error
}
