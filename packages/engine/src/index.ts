export type { CallContext, ModelMessage, ModelReply, ModelRequest, Models, TokenUsage, ToolCall } from './ports/models.ts'
export type { ToolBox, ToolContext } from './ports/toolbox.ts'
export type { Clock, Random } from './ports/clock.ts'
