export { AgentloomError, type ErrorInfo } from './errors.ts'
export type * from './plan/plan.ts'
export { Float, type Value, type ValueMap } from './value/value.ts'
