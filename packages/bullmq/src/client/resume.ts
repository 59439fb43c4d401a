import { planResume, type Follower, type Journal, type Plans } from '@agentloom/engine'
import type { ResumeReply, ResumeRunOptions } from './client.ts'

export interface ResumeParts {
  readonly journal: Journal
  readonly plans: Plans
  readonly follower: Follower
}

/** Reopens what failed, and rings for what is ready by then. */
export async function resumeRun(
  { journal, plans, follower }: ResumeParts,
  runId: string,
  options: ResumeRunOptions,
): Promise<ResumeReply> {
  const loaded = await journal.load(runId)
  if (loaded === null) return { outcome: 'refused', status: null }
  const { status, definition, priority } = loaded.header
  const plan = await plans.get(definition)
  const command = planResume(plan, loaded, options)
  if (command === null) return { outcome: status === 'success' ? 'nothing' : 'refused', status }
  const reply = await journal.reopen(command)
  if (reply.outcome === 'refused') return { outcome: 'refused', status: reply.status }
  await follower.ring({ plan, priority }, reply.offers)
  await follower.decide({ plan, priority }, reply.undecided)
  return { outcome: 'resumed', status }
}
