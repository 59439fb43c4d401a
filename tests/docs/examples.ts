import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'

// An example of docs/language: a block of `yaml`, and one of `yaml result` behind it that says what comes out.

const json = z.json()

const answer = z.union([z.string(), z.record(z.string(), json)])

const expected = z.strictObject({
  /** What the mock provider answers, by step id. */
  answers: z.record(z.string(), z.union([answer, z.array(answer)])).default({}),
  input: z.record(z.string(), json).default({}),
  /** Beside the workflow file, and in the run's folder. */
  files: z.record(z.string(), z.string()).default({}),
  secrets: z.record(z.string(), z.string()).default({}),
  /** Sent before the run starts to wait for them. */
  signals: z.record(z.string(), json).default({}),
  /** Gates that wait first; then they are decided. */
  paused: z.array(z.string()).default([]),
  decisions: z.record(z.string(), z.string()).default({}),
  /** Whether functions of the page, and those of `functions.ts`, are needed. */
  functions: z.boolean().default(false),
  /** The workflow runs a second time, with the same outcome. */
  twice: z.boolean().default(false),
  /** Codes of compile warnings; none unless they are listed. */
  warnings: z.array(z.string()).default([]),
  status: z.string(),
  error: z.string().optional(),
  /** What the final state must hold. */
  state: z.record(z.string(), json).default({}),
  steps: z
    .record(
      z.string(),
      z.union([z.string(), z.looseObject({ status: z.string().optional(), output: json.optional() })]),
    )
    .default({}),
  /** Texts that the function `note` was given, in order. */
  noted: z.array(z.string()).default([]),
})

export type Expected = z.output<typeof expected>

export interface Example {
  /** `router.md, example 1` */
  readonly name: string
  readonly yaml: string
  readonly expected: Expected
}

/** @throws {Error} where a block has no counterpart, or the result names what it may not */
export function examplesIn(page: string, path: string): readonly Example[] {
  const blocks = [...page.matchAll(/^```(yaml(?: result)?)\n(.*?)^```$/gms)].map(([, kind = '', text = '']) => ({
    isResult: kind !== 'yaml',
    text,
  }))
  const examples: Example[] = []
  for (let at = 0; at < blocks.length; at += 2) {
    const [example, result] = [blocks[at], blocks[at + 1]]
    const name = `${path}, example ${examples.length + 1}`
    if (example === undefined || result === undefined || example.isResult || !result.isResult)
      throw new Error(`${name}: every yaml block is followed by one of its result`)
    const parsed = expected.safeParse(parse(result.text))
    if (!parsed.success) throw new Error(`${name}: ${z.prettifyError(parsed.error)}`)
    examples.push({ name, yaml: example.text, expected: parsed.data })
  }
  return examples
}

/** TypeScript of a page, as one module. */
export function modulesIn(path: string): readonly string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^```ts\n(.*?)^```$/gms)].map(([, text = '']) => text)
}
