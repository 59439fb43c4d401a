export type { CallContext, ModelMessage, ModelReply, ModelRequest, Models, TokenUsage, ToolCall } from './models.ts'
export type { ToolBox, ToolContext } from './toolbox.ts'
export type { Clock, Random } from './clock.ts'
