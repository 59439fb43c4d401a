import { renderTemplate, type LlmStep } from '@agentloom/workflow'
import type { Attachment } from '../ports/models.ts'
import type { Attempt, Executors } from './attempt.ts'
import { whole } from './failure.ts'
import { contextOf } from './tool-calls.ts'

/** Read in their order, one after the other: each may weigh 20 MB. */
export async function attachmentsOf(
  executors: Executors,
  attempt: Attempt,
  step: LlmStep,
): Promise<readonly Attachment[]> {
  const attached: Attachment[] = []
  for (const [index, { source, ...how }] of step.attachments.entries()) {
    const context = contextOf(executors, attempt, `${attempt.idempotencyKey}:attachment:${index}`)
    const rendered = renderTemplate(whole(source), attempt.state())
    attached.push(await executors.tools.attach({ ...how, source: rendered }, context))
  }
  return attached
}
