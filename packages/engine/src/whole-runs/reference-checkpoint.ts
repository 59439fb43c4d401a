import {
  AgentloomError,
  compileWorkflow,
  defineFromYaml,
  fromPlain,
  writeDefinition,
  writeValue,
  type ErrorInfo,
  type Plan,
  type PlanNode,
  type Value,
} from '@agentloom/workflow'
import { z } from 'zod'
import { NO_USAGE, FORMAT, type JournalRecord, type StepUsage } from '../journal/record.ts'
import type { ParentStep, RunHeader, RunStatus } from '../ports/journal.ts'
import { failureCause, routingCause } from '../schedule/cause.ts'
import { outcomeOf, standingOf } from '../schedule/standing.ts'
import { decide } from '../schedule/verdicts.ts'
import { foldSteps } from '../fold/step-fold.ts'
import type { KeptRun } from './tree.ts'

// A checkpoint file of the Python engine as a run of ours: ../shared/spec/checkpoints-and-runs.md §2 and §12. What it says of a
// step becomes its records; what it does not say (attempts, times of steps, the initial state) is not made up.

/** The file is no checkpoint of the Python engine, or none that can be gone on with. */
export class ReferenceCheckpointError extends AgentloomError {
  override readonly name = 'ReferenceCheckpointError'
  readonly code = 'checkpoint/not-importable'
  readonly retryable = false
  override readonly help = 'see docs/keeping-runs.md for what can be imported'
}

export interface ImportedRun {
  readonly run: KeptRun
  readonly plan: Plan
  /** Paths of values that a redaction has taken away. */
  readonly redacted: readonly string[]
}

export interface ImportOptions {
  /** What the checkpoint of a run below it holds, or null where there is none. */
  readonly below: (runId: string) => unknown
  /** Text of a workflow file that a step names, or null; asked for where no checkpoint has it. */
  readonly fileText: (path: string) => string | null
  readonly parent: ParentStep | null
}

const NANO_PER_USD = 1e9
const WORKER = 'import'
const SENTINEL = /^<REDACTED:sha256=[0-9a-f]{16}>$/

const stepResult = z.looseObject({
  status: z.enum(['pending', 'running', 'success', 'failed', 'skipped', 'timeout', 'paused']),
  output: z.unknown(),
  error: z.string().nullish(),
  duration_ms: z.number().nonnegative().nullish(),
  token_usage: z.looseObject({ total_tokens: z.number().nonnegative().nullish() }).nullish(),
  cost_usd: z.number().nonnegative().nullish(),
  model: z.string().nullish(),
  provider: z.string().nullish(),
})

const document = z.looseObject({
  workflow_name: z.string(),
  run_id: z.string().regex(/^[A-Za-z0-9_-][A-Za-z0-9_.~-]{0,199}$/, 'is no run id'),
  workflow_definition: z.record(z.string(), z.unknown()),
  state: z.record(z.string(), z.unknown()).default({}),
  step_results: z.record(z.string(), stepResult).default({}),
  completed_steps: z.array(z.string()).default([]),
  status: z.enum(['running', 'success', 'failed', 'paused', 'budget_exceeded']).default('running'),
  paused_step_id: z.string().nullish(),
  created_at: z.string().nullish(),
  updated_at: z.string().nullish(),
})

type Document = z.infer<typeof document>
type StepResult = z.infer<typeof stepResult>

/** Whether a parsed JSON file looks like one: it names what only that engine names. */
export function isReferenceCheckpoint(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'workflow_definition' in value && 'run_id' in value
}

export function referenceRunId(value: unknown): string | null {
  const parsed = document.safeParse(value)
  return parsed.success ? parsed.data.run_id : null
}

/** @throws {ReferenceCheckpointError} `checkpoint/not-importable` @throws {WorkflowError} its definition does not compile */
export function importReference(value: unknown, { below, fileText, parent }: ImportOptions): ImportedRun {
  const parsed = document.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ReferenceCheckpointError(`${(issue?.path ?? []).join('.')}: ${issue?.message ?? 'unreadable'}`)
  }
  const given = parsed.data
  const files = filesOf(given, { below, fileText })
  const { definition } = defineFromYaml(JSON.stringify(given.workflow_definition), { compat: 'agentloom', files })
  const { plan } = compileWorkflow(definition)
  const createdAtMs = timeOf(given.created_at) ?? timeOf(given.updated_at) ?? 0
  const updatedAtMs = Math.max(createdAtMs, timeOf(given.updated_at) ?? createdAtMs)
  const records = recordsOf(plan, given, { atMs: updatedAtMs, createdAtMs, hasRun: (runId) => below(runId) !== null })
  const ending = endingOf(given)
  const error = ending === null ? null : errorOf(ending, records)
  if (ending !== null) records.push({ kind: 'ended', atMs: updatedAtMs, status: ending, error })
  const header: RunHeader = {
    runId: given.run_id,
    workflow: plan.name,
    definition: plan.hash,
    input: writeValue(inputOf(given)),
    tenant: null,
    priority: 0,
    tags: [],
    status: ending ?? (given.status === 'paused' ? 'paused' : 'running'),
    error,
    createdAtMs,
    updatedAtMs,
    format: FORMAT,
    budgetNanoUsd: plan.config.budgetNanoUsd,
    timeoutMs: plan.config.timeoutMs,
    parent,
  }
  const redacted = [...sentinelsIn(given.state, 'state'), ...sentinelsIn(given.step_results, 'step_results')]
  return { run: { header, records, definitionText: writeDefinition(definition) }, plan, redacted }
}

/** Files of sub-workflows: as the checkpoints of their runs hold them, else as they are now. */
function filesOf(
  { run_id: runId, workflow_definition: definition }: Document,
  { below, fileText }: Pick<ImportOptions, 'below' | 'fileText'>,
): { readonly [name: string]: string } {
  const steps = z
    .array(z.looseObject({ id: z.string(), workflow_path: z.string().nullish() }))
    .safeParse(definition['steps'])
  const entries = (steps.data ?? []).flatMap(({ id, workflow_path: path }) => {
    if (path == null) return []
    const child = document.safeParse(below(`${runId}.${id}`))
    const text = child.success ? JSON.stringify(child.data.workflow_definition) : fileText(path)
    return text === null ? [] : [[path, text]]
  })
  return Object.fromEntries(entries)
}

/** The state that the run had is the fold of its outputs over this; what it was given at its start is not told apart. */
function inputOf({ state }: Document): Value {
  const { steps: _steps, _approval, ...rest } = state
  return fromPlain(rest)
}

function recordsOf(
  plan: Plan,
  { run_id: runId, step_results: results, completed_steps: completed }: Document,
  { atMs, createdAtMs, hasRun }: { atMs: number; createdAtMs: number; hasRun: (runId: string) => boolean },
): JournalRecord[] {
  const records: JournalRecord[] = [{ kind: 'started', atMs: createdAtMs }]
  const done = new Set(completed)
  // In the plan's order, so that a step comes behind what it depends on.
  for (const node of plan.nodes) {
    const result = Object.hasOwn(results, node.id) ? results[node.id] : undefined
    if (result === undefined) continue
    const status = done.has(node.id) ? 'success' : result.status
    records.push(...stepRecords({ plan, node, result, atMs, runId, hasRun, before: records }, status))
  }
  return records
}

interface Step {
  readonly plan: Plan
  readonly node: PlanNode
  readonly result: StepResult
  readonly atMs: number
  readonly runId: string
  readonly hasRun: (runId: string) => boolean
  readonly before: readonly JournalRecord[]
}

function stepRecords(
  { plan, node, result, atMs, runId, hasRun, before }: Step,
  status: StepResult['status'],
): readonly JournalRecord[] {
  const stepId = node.id
  const claimed: JournalRecord = { kind: 'claimed', atMs, stepId, epoch: 1, worker: WORKER }
  const usage = usageOf(result)
  switch (status) {
    case 'success': {
      const output = writeValue(fromPlain(result.output ?? null))
      return [claimed, { kind: 'committed', atMs, stepId, epoch: 1, usage, output }]
    }
    case 'failed':
    case 'timeout': {
      const error = { code: 'step/failed', message: result.error ?? status, place: `steps.${stepId}`, help: null }
      return [claimed, { kind: 'failed', atMs, stepId, epoch: 1, status, error, usage, retryAtMs: null }]
    }
    case 'skipped':
      return [{ kind: 'skipped', atMs, stepId, cause: causeOf(plan, node, result, { runId, before }) }]
    case 'paused': {
      if (node.step.type === 'approval_gate') {
        const wait = { kind: 'gate', timeoutMs: null } as const
        return [claimed, { kind: 'waiting', atMs, stepId, epoch: 1, wait, usage: NO_USAGE, untilMs: null }]
      }
      const childRunId = `${runId}.${stepId}`
      if (!hasRun(childRunId)) return [] // begins anew, as there
      const wait = { kind: 'child', runId: childRunId } as const
      return [
        claimed,
        { kind: 'waiting', atMs, stepId, epoch: 1, wait, usage: NO_USAGE, untilMs: null },
        { kind: 'mirrored', atMs, stepId, status: 'paused' },
      ]
    }
    case 'pending':
    case 'running':
      return []
    default:
      return status satisfies never
  }
}

/** As recorded where the text says it, else as the results before it imply. */
function causeOf(
  plan: Plan,
  node: PlanNode,
  { error }: StepResult,
  { runId, before }: { readonly runId: string; readonly before: readonly JournalRecord[] },
): number {
  const failedId = /^skipped due to upstream failure: (.+)$/.exec(error ?? '')?.[1]
  const failed = failedId === undefined ? undefined : plan.byId.get(failedId)
  if (failed !== undefined) return failureCause(plan, failed)
  const folds = foldSteps(runId, before)
  const { verdicts } = standingOf(plan, node, (source) => outcomeOf(source, folds.get(source.id)))
  const decision = decide(plan, verdicts, node.step.join)
  return decision.run ? routingCause(plan, Math.max(0, node.layer - 1)) : decision.cause
}

function usageOf({ duration_ms, token_usage, cost_usd, model, provider }: StepResult): StepUsage {
  return {
    durationMs: Math.round(duration_ms ?? 0),
    tokens: Math.round(token_usage?.total_tokens ?? 0),
    costNanoUsd: Math.round((cost_usd ?? 0) * NANO_PER_USD),
    model: model ?? null,
    provider: provider ?? null,
  }
}

function endingOf({ status }: Document): RunStatus | null {
  return status === 'paused' || status === 'running' ? null : status
}

function errorOf(status: RunStatus, records: readonly JournalRecord[]): ErrorInfo | null {
  if (status === 'budget_exceeded')
    return { code: 'run/budget-exceeded', message: 'the run had spent its budget', place: null, help: null }
  const failed = records.find((record) => record.kind === 'failed')
  return status === 'failed' && failed?.kind === 'failed' ? failed.error : null
}

/** `2026-11-23T22:29:41.123456+00:00` */
function timeOf(text: string | null | undefined): number | null {
  const atMs = text == null ? Number.NaN : Date.parse(text)
  return Number.isNaN(atMs) ? null : atMs
}

function sentinelsIn(value: unknown, path: string): readonly string[] {
  if (typeof value === 'string') return SENTINEL.test(value) ? [path] : []
  if (Array.isArray(value)) return value.flatMap((item, at) => sentinelsIn(item, `${path}.${at}`))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => sentinelsIn(item, `${path}.${key}`))
}
