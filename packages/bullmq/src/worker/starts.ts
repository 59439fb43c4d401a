import { createHash } from 'node:crypto'
import { startCommand, type Follower, type Journal } from '@agentloom/engine'
import { AgentloomError, type ErrorInfo, type Plan } from '@agentloom/workflow'
import { RunIsAway } from '../away/run-is-away.ts'
import { parseStartJob, type StartJob } from '../doorbell/start-job.ts'
import { RUNS_QUEUE } from '../keys.ts'
import type { StartPolicy } from '../start/start-policy.ts'
import type { WorkerEvent } from './events.ts'
import { JobFailure } from './job-failure.ts'
import type { Delivered } from './steps.ts'

export interface StartsParts {
  readonly journal: Journal
  readonly follower: Follower
  readonly workflows: ReadonlyMap<string, Plan>
  readonly policy: StartPolicy
  readonly emit: (event: WorkerEvent) => void
}

/** Starts the run that a job asks for. Delivered twice it is the same run; put back it waits for better times. @throws {JobFailure} */
export async function serveStartJob(
  parts: StartsParts,
  delivered: Delivered,
): Promise<{ readonly runId: string } | 'put-back'> {
  const parsed = parseStartJob(delivered.name, delivered.data)
  const jobId = delivered.id ?? null
  if (parsed.kind !== 'job') {
    const problem = parsed.kind === 'malformed' ? parsed.problem : `version ${parsed.version}`
    parts.emit({ kind: 'job-malformed', queue: RUNS_QUEUE, jobId, problem })
    throw new JobFailure('job/malformed', problem)
  }
  try {
    return { runId: await startRun(parts, delivered, parsed.job) }
  } catch (error) {
    if (!(error instanceof AgentloomError)) throw error
    if (error.retryable) return 'put-back' // Redis is full, or too much waits: the queue keeps it
    const { code, message, place, help } = error
    parts.emit({ kind: 'start-failed', jobId, error: { code, message, place, help } satisfies ErrorInfo })
    throw new JobFailure(code, message)
  }
}

async function startRun(
  { journal, follower, workflows, policy }: StartsParts,
  delivered: Delivered,
  job: StartJob,
): Promise<string> {
  const plan = workflows.get(job.workflow)
  if (plan === undefined) throw new UnknownWorkflowError(job.workflow, [...workflows.keys()])
  const runId = job.id ?? runIdOf(delivered)
  const { input, tenant, priority, tags } = job
  const command = startCommand(plan, {
    runId,
    ...(input === undefined ? {} : { input }),
    ...(tenant === undefined ? {} : { tenant }),
    ...(priority === undefined ? {} : { priority }),
    ...(tags === undefined ? {} : { tags }),
  })
  const { offers } = await policy
    .around(runId, () => journal.start(command))
    .catch((error: unknown) => {
      if (error instanceof RunIsAway) return { offers: [] } // it was started before, and waits for somebody
      throw error
    })
  await follower.ring({ plan, priority: command.priority }, offers)
  return runId
}

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const RUN_ID_CHARACTERS = 16

/** From the job, so that a job that is delivered again starts no second run; BullMQ counts its ids anew when a queue was emptied, hence the time. */
function runIdOf({ id, timestamp }: Delivered): string {
  const digest = createHash('sha256').update(`${RUNS_QUEUE}\n${id}\n${timestamp}`).digest()
  return Array.from(digest.subarray(0, RUN_ID_CHARACTERS), (byte) => BASE32[byte % BASE32.length]).join('')
}

/** A job names a workflow that this worker was not given. */
class UnknownWorkflowError extends AgentloomError {
  override readonly name = 'UnknownWorkflowError'
  readonly code = 'run/unknown-workflow'
  readonly retryable = false
  override readonly place = 'workflow'
  constructor(name: string, known: readonly string[]) {
    super(`this worker has no workflow ${JSON.stringify(name)}; it has ${known.slice(0, 20).join(', ') || 'none'}`)
  }
}
