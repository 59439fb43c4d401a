import { configShape, sandboxShape } from './config-schema.ts'
import { CONFIG_KEYS, STEP_KEYS, TOP_KEYS } from './not-yet.ts'
import {
  attachmentShape,
  conditionShape,
  notifyShape,
  retryShape,
  stepShape,
  thinkingShape,
  toolShape,
} from './step-schema.ts'
import { workflowShape } from './workflow-schema.ts'

/** The keys that the format knows at one level, and what lies below some of them. */
export interface Level {
  readonly keys: readonly string[]
  readonly below: { readonly [key: string]: Below }
}
export type Below = { readonly one: Level } | { readonly each: Level }

const RETRY = leaf(retryShape)
const STEP: Level = {
  keys: [...Object.keys(stepShape), ...STEP_KEYS],
  below: {
    retry: { one: RETRY },
    attachments: { each: leaf(attachmentShape) },
    thinking: { one: leaf(thinkingShape) },
    tools: { each: leaf(toolShape) },
    tool_choice: { one: { keys: ['name'], below: {} } },
    conditions: { each: leaf(conditionShape) },
    notify: { one: leaf(notifyShape) },
  },
}
const CONFIG: Level = {
  keys: [...Object.keys(configShape), ...CONFIG_KEYS],
  below: { sandbox: { one: leaf(sandboxShape) } },
}
export const WORKFLOW: Level = {
  keys: [...Object.keys(workflowShape), ...TOP_KEYS],
  below: {
    config: { one: CONFIG },
    steps: { each: STEP },
    state_schema: { each: { keys: ['redact'], below: {} } },
  },
}

function leaf(shape: object): Level {
  return { keys: Object.keys(shape), below: {} }
}
