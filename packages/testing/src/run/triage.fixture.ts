import { contains, defineFunction, defineWorkflow, lower, text } from '@agentloom/workflow'
import { z } from 'zod'

const fileBug = defineFunction({
  name: 'file-bug',
  input: z.object({ text: z.string() }),
  output: z.object({ url: z.string() }),
  run: () => Promise.reject(new Error('no tracker in a test')),
})

/** The workflow of the README. */
export const triage = defineWorkflow(
  { name: 'ticket-triage', input: z.object({ ticket: z.string() }), config: { model: 'gpt-5-mini' } },
  (w) => {
    const kind = w.llm('classify', { prompt: text`Bug or question? ${w.input.ticket}` })
    const issue = w.call('file_bug', fileBug, { text: w.input.ticket })
    const reply = w.llm('answer', { prompt: text`Answer kindly: ${w.input.ticket}` })
    w.route('route', { when: [[contains(lower(kind), 'bug'), issue]], otherwise: reply })
    return { kind, issue, reply }
  },
)
