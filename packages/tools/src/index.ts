export { defineTool, type Tool, type ToolDefinition, type ToolRunContext } from './define-tool.ts'
export {
  SandboxViolationError,
  ToolDefinitionError,
  ToolFailedError,
  ToolInputError,
  UnknownToolError,
} from './errors.ts'
export { closedFloor, floorSchema, type Floor } from './floor.ts'
export { createToolBox, type ToolBoxOptions } from './tool-box.ts'
