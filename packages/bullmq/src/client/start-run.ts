import {
  bellOf,
  startCommand,
  type Bell,
  type Doorbell,
  type Follower,
  type StartOptions,
  type StartReply,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { ValueJournal } from '../blobs/value-journal.ts'

interface StartParts {
  readonly journal: Pick<ValueJournal, 'start' | 'hasStarted'>
  readonly doorbell: Doorbell
  readonly follower: Follower
}

/**
 * Starts a run and rings for its first steps. Where it is known which these are, the bells follow on the START's heels
 * instead of waiting for its answer, which spares a round trip.
 */
export async function startRun(
  { journal, doorbell, follower }: StartParts,
  plan: Plan,
  options: StartOptions,
): Promise<StartReply['outcome']> {
  const command = startCommand(plan, options)
  const { runId, priority } = command
  const bell = (stepId: string, epoch: number): Bell => bellOf(plan, { runId, stepId, epoch }, priority)
  const starting = journal.start(command)
  if (command.cap !== null || command.concurrency !== null || !journal.hasStarted(runId, plan.hash)) {
    const { outcome, offers } = await starting
    await follower.ring({ plan, priority }, offers)
    return outcome
  }
  // Redis serves one connection in order. Should it have lost this script alone, the bells overtake the START; the worker
  // asks for the job and then for the step, and by then the START is there, else the sweeper rings again.
  const ringing = doorbell.ring(command.roots.map(({ stepId }) => bell(stepId, 0)))
  const [{ outcome }] = await Promise.all([starting, ringing])
  return outcome
}
