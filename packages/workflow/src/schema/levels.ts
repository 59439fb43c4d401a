import { configShape, sandboxShape } from './config-schema.ts'
import {
  attachmentShape,
  bodyShape,
  cacheShape,
  compensationShape,
  conditionShape,
  notifyShape,
  retryShape,
  stepShape,
  thinkingShape,
  toolShape,
} from './step-schema.ts'
import { inputShape, workflowShape } from './workflow-schema.ts'

/** The keys that the format knows at one level, and what lies below some of them. */
export interface Level {
  readonly keys: readonly string[]
  readonly below: { readonly [key: string]: Below }
}
export type Below = { readonly one: Level } | { readonly each: Level }

const WORK: Level['below'] = {
  retry: { one: leaf(retryShape) },
  cache: { one: leaf(cacheShape) },
  attachments: { each: leaf(attachmentShape) },
  thinking: { one: leaf(thinkingShape) },
  tools: { each: leaf(toolShape) },
  tool_choice: { one: { keys: ['name'], below: {} } },
  conditions: { each: leaf(conditionShape) },
}
const STEP: Level = {
  keys: Object.keys(stepShape),
  below: {
    ...WORK,
    notify: { one: leaf(notifyShape) },
    step: { one: { keys: Object.keys(bodyShape), below: WORK } },
    compensate: { one: { keys: Object.keys(compensationShape), below: WORK } },
  },
}
const CONFIG: Level = {
  keys: Object.keys(configShape),
  below: { sandbox: { one: leaf(sandboxShape) } },
}
export const WORKFLOW: Level = {
  keys: Object.keys(workflowShape),
  below: {
    config: { one: CONFIG },
    steps: { each: STEP },
    finally: { each: STEP },
    inputs: { each: leaf(inputShape) },
    state_schema: { each: { keys: ['redact'], below: {} } },
  },
}

function leaf(shape: object): Level {
  return { keys: Object.keys(shape), below: {} }
}
