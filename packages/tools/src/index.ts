export {
  defineTool,
  isTool,
  type Tool,
  type ToolDefinition,
  type ToolRunContext,
  type VerifyTool,
} from './define-tool.ts'
export {
  AttachmentError,
  SandboxViolationError,
  ToolDefinitionError,
  ToolFailedError,
  ToolInputError,
  UnknownToolError,
} from './errors.ts'
export { closedFloor, floorSchema, type Floor } from './floor.ts'
export { createToolBox, type ToolBoxOptions } from './tool-box.ts'
export { createWebhooks, type WebhooksOptions } from './http/webhooks.ts'
