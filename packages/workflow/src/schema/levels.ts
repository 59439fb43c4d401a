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
  readonly keys: ReadonlySet<string>
  readonly below: { readonly [key: string]: Below }
}
export type Below = { readonly one: Level } | { readonly each: Level }

const WORK: Level['below'] = {
  retry: { one: leaf(retryShape) },
  cache: { one: leaf(cacheShape) },
  attachments: { each: leaf(attachmentShape) },
  thinking: { one: leaf(thinkingShape) },
  tools: { each: leaf(toolShape) },
  tool_choice: { one: { keys: new Set(['name']), below: {} } },
  conditions: { each: leaf(conditionShape) },
}
const STEP: Level = {
  keys: new Set(Object.keys(stepShape)),
  below: {
    ...WORK,
    notify: { one: leaf(notifyShape) },
    step: { one: { keys: new Set(Object.keys(bodyShape)), below: WORK } },
    compensate: { one: { keys: new Set(Object.keys(compensationShape)), below: WORK } },
  },
}
const CONFIG: Level = {
  keys: new Set(Object.keys(configShape)),
  below: { sandbox: { one: leaf(sandboxShape) } },
}
export const WORKFLOW: Level = {
  keys: new Set(Object.keys(workflowShape)),
  below: {
    config: { one: CONFIG },
    steps: { each: STEP },
    finally: { each: STEP },
    inputs: { each: leaf(inputShape) },
    state_schema: { each: { keys: new Set(['redact']), below: {} } },
  },
}

function leaf(shape: object): Level {
  return { keys: new Set(Object.keys(shape)), below: {} }
}
