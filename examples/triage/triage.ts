// triage.ts
import { defineFunction, defineWorkflow, text } from '@agentloom/workflow'
import { z } from 'zod'

export const fileIssue = defineFunction({
  name: 'file-issue',
  input: z.object({ kind: z.string(), ticket: z.string() }),
  run: ({ kind, ticket }, ctx) => `${kind}: ${ticket} (${ctx.idempotencyKey})`, // give the key to your tracker
})
export const triage = defineWorkflow({ name: 'triage', input: z.object({ ticket: z.string() }) }, (w) => {
  const kind = w.llm('classify', { prompt: text`Bug or question? One word: ${w.input.ticket}` })
  const issue = w.call('file', fileIssue, { kind, ticket: w.input.ticket })
  return { kind, issue }
})
