import { defineFunction } from '@agentloom/workflow'
import { z } from 'zod'

/** Functions that the examples of docs/language call and do not show. */
export function exampleFunctions(noted: string[]) {
  let calls = 0
  return [
    defineFunction({ name: 'echo', input: z.looseObject({}), run: (input) => input }),
    defineFunction({ name: 'double', input: z.object({ n: z.number() }), run: ({ n }) => n * 2 }),
    defineFunction({ name: 'length', input: z.object({ text: z.string() }), run: ({ text }) => text.length }),
    defineFunction({ name: 'count-calls', input: z.object({}), run: () => (calls += 1) }),
    defineFunction({
      name: 'note',
      input: z.object({ text: z.string() }),
      run: ({ text }) => {
        noted.push(text)
        return null
      },
    }),
  ]
}
