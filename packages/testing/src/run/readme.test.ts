import { testRun } from '@agentloom/testing'
import { contains, defineFunction, defineWorkflow, lower, text } from '@agentloom/workflow'
import { expect, test } from 'vitest'
import { z } from 'zod'

const fileBug = defineFunction({
  name: 'file-bug',
  input: z.object({ text: z.string() }),
  output: z.object({ url: z.url() }),
  run: ({ text: body }) =>
    fetch('https://tracker.example', { method: 'POST', body }).then((reply) => ({ url: reply.url })),
})

const triage = defineWorkflow({ name: 'ticket-triage', input: z.object({ ticket: z.string() }) }, (w) => {
  const kind = w.llm('classify', { prompt: text`Bug or question? ${w.input.ticket}` })
  const issue = w.call('file_bug', fileBug, { text: w.input.ticket })
  const reply = w.llm('answer', { prompt: text`Answer kindly: ${w.input.ticket}` })
  w.route('route', { when: [[contains(lower(kind), 'bug'), issue]], otherwise: reply })
  return { kind, issue, reply }
})

test('a bug is filed, also when the model is busy at first', async () => {
  const t = await testRun(triage, {
    input: { ticket: 'it crashes' },
    answers: { classify: [{ error: 'busy', status: 503 }, 'a bug'] }, // the retry does not wait: time is virtual
    functions: { 'file-bug': () => ({ url: 'https://tracker.example/1' }) },
  })
  expect(t.status).toBe('success')
  expect(t.steps['route']?.output).toBe('file_bug')
  expect(t.outputs.issue?.url).toBe('https://tracker.example/1')
  expect(t.steps['answer']?.status).toBe('skipped')
  expect(t.questions[0]?.prompt).toBe('Bug or question? it crashes')
})
