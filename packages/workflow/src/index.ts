export { AgentloomError, type ErrorInfo } from './errors.ts'
export type * from './plan/plan.ts'
export { CLEANUP_STEP } from './plan/plan.ts'
export { evaluateCondition } from './expression/evaluate.ts'
export { ExpressionError } from './expression/errors.ts'
export type { Expression, ExpressionWarning } from './expression/expression.ts'
export { parseExpression } from './expression/parse.ts'
export { isTruthy, valuesEqual } from './python/equal.ts'
export { pythonJson } from './python/json.ts'
export { repr, str } from './python/text.ts'
export { parsePatterns, redact, Redactor } from './redact/redact.ts'
export { argumentReferences, parseArgument, resolveArgument, secretNames } from './state/argument.ts'
export { StateDraft, writePath } from './state/draft.ts'
export { checkWritable } from './state/writable.ts'
export { StatePathError, StateWriteError } from './state/errors.ts'
export { parsePath, readPath } from './state/path.ts'
export type { Reference } from './state/reference.ts'
export { TemplateError, TemplateSyntaxError } from './template/errors.ts'
export { parseTemplate } from './template/parse.ts'
export { renderTemplate } from './template/render.ts'
export type { Template } from './template/template.ts'
export { canonicalJson, parseValue, toPlain, writeValue } from './value/codec.ts'
export { ResultError, ValueError } from './value/errors.ts'
export { fromPlain, RESULT_LIMITS, type ResultLimits } from './value/from-plain.ts'
export { instantIn } from './value/instant.ts'
export { Float, floatValue, intValue, isList, isMapping, type Value, type ValueMap } from './value/value.ts'
export {
  defineFunction,
  handlerOf,
  isFunctionDefinition,
  isServedBy,
  type FunctionContext,
  type FunctionDefinition,
} from './builder/define-function.ts'
export { compileWorkflow, type Compiled, type CompileOptions, definitionHash } from './compile/compile.ts'
export { compileYaml } from './compile/from-yaml.ts'
export { defineFromYaml, type FromYaml, type YamlOptions } from './compile/define.ts'
export { isQueueName } from './compile/queue.ts'
export { isBroken, stateKeysRead } from './compile/step/reads.ts'
export type { Diagnostic, Excerpt } from './diagnostics/diagnostic.ts'
export { formatDiagnostic, formatDiagnostics, type FormatOptions, type Paint } from './diagnostics/format.ts'
export { nearest } from './diagnostics/nearest.ts'
export { shown } from './diagnostics/shown.ts'
export type { Source } from './diagnostics/source.ts'
export { WorkflowError } from './diagnostics/workflow-error.ts'
export { checkInput, InputError } from './plan/input.ts'
export { DefinitionError, parseDefinition, writeDefinition } from './plan/definition.ts'
export {
  and,
  type Condition,
  contains,
  eq,
  gt,
  gte,
  isNull,
  length,
  lower,
  lt,
  lte,
  ne,
  not,
  or,
} from './builder/condition.ts'
export {
  defineWorkflow,
  isWorkflow,
  type OutputsOf,
  type Workflow,
  type WorkflowOptions,
} from './builder/define-workflow.ts'
export { BuilderError } from './builder/errors.ts'
export type { Ref, RefTo } from './builder/ref.ts'
export type { ConcurrencyOptions, ConfigOptions, RetrySettings, SandboxOptions } from './builder/settings.ts'
export type { GivenInputs, InputDeclarations, InputsOf } from './builder/inputs.ts'
export { notification, secret, type Secret } from './builder/secret.ts'
export type {
  Attachment,
  CacheOptions,
  ForeachOptions,
  GateOptions,
  LlmOptions,
  PerItem,
  RouteOptions,
  SleepOptions,
  StepBuilder,
  StepOptions,
  SubworkflowOptions,
  Undoing,
  WaitOptions,
  Work,
  WorkflowBuilder,
  WorkOptions,
} from './builder/steps.ts'
export { text, type Text } from './builder/text.ts'
export { type CriticalPath, criticalPath } from './graph/critical-path.ts'
export { type GraphDocument, graphDocument } from './graph/document.ts'
export { exportGraph, GRAPH_FORMATS, type GraphFormat } from './graph/export.ts'
export { type Choice, type Graph, type GraphEdge, type GraphNode, graphOf } from './graph/graph.ts'
export { type Paths, pathsOf } from './graph/paths.ts'
export { type Unreachable, unreachableSteps } from './graph/reach.ts'
export { type PlanSummary, summaryOf } from './graph/summary.ts'
export { lintPlan, type LintOptions } from './lint/lint.ts'
export { type JsonSchema, workflowJsonSchema } from './schema/json-schema.ts'
