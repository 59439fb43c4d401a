import { expect, test } from 'vitest'
import * as tools from './index.ts'

test('the front door offers these names', () => {
  expect(Object.keys(tools).sort()).toEqual([
    'AttachmentError',
    'SandboxViolationError',
    'ToolDefinitionError',
    'ToolFailedError',
    'ToolInputError',
    'UnknownToolError',
    'closedFloor',
    'createToolBox',
    'createWebhooks',
    'defineTool',
    'floorSchema',
  ])
})
