import { checkDecided, resumeTree, type TreeParts } from '@agentloom/engine'
import type { ResumeReply, ResumeRunOptions } from './client.ts'

/** Reopens what failed, here and below, decides gates, and rings for what is ready by then. @throws {DecisionRefusedError} */
export async function resumeRun(parts: TreeParts, runId: string, options: ResumeRunOptions): Promise<ResumeReply> {
  const reply = await resumeTree(parts, runId, options)
  checkDecided(runId, options, reply)
  return { outcome: reply.outcome, status: reply.status }
}
