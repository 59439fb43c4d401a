import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { z } from 'zod'
import type { CommandLine } from './command-line.ts'

/** A file that must be refused: with this code, at this place in it (`line:column`, and the path of the field). */
export type Refusal = readonly [name: string, text: string | Uint8Array, code: string, place: string]

/** A file that loads, with these warnings. */
export type Doubt = readonly [name: string, text: string, warnings: readonly string[]]

const error = z.object({
  error: z.object({ code: z.string(), message: z.string(), place: z.string(), help: z.string().nullable() }),
})
const findings = z.array(
  z.object({
    code: z.string(),
    message: z.string(),
    line: z.number().nullable(),
    column: z.number().nullable(),
    path: z.string(),
  }),
)
const validity = z.object({ valid: z.boolean(), errors: findings, warnings: findings })

/** Both doors refuse the file, with the same code and place, and leave nothing behind. */
export async function expectRefused(line: CommandLine, folder: string, [, text, code, place]: Refusal): Promise<void> {
  await writeFile(join(folder, 'bad.yaml'), text)
  const run = await line.call(['run', 'bad.yaml', '--json'], folder)
  expect(run.code).toBe(1)
  const refused = error.parse(JSON.parse(run.stdout)).error
  expect(refused).toMatchObject({ code, place: expect.stringContaining(`bad.yaml:${place}`) })
  const validate = await line.call(['validate', 'bad.yaml'], folder)
  expect(validate.code).toBe(1)
  expect(validate.stdout).toBe('')
  expect(validate.stderr).toContain(`error  ${code}\n`)
  expectPresentable(validate.stderr)
  expect(await readdir(folder)).toEqual(['bad.yaml'])
}

/** The file loads, and `validate` says what is doubtful; strict makes errors of that. */
export async function expectDoubted(line: CommandLine, folder: string, [, text, warnings]: Doubt): Promise<void> {
  await writeFile(join(folder, 'bad.yaml'), text)
  const validate = await line.call(['validate', 'bad.yaml', '--json'], folder)
  expect(validate.code).toBe(0)
  expect(codesIn(validity.parse(JSON.parse(validate.stdout)).warnings)).toEqual(warnings)
  const strict = await line.call(['validate', 'bad.yaml', '--json', '--strict'], folder)
  expect(strict.code).toBe(warnings.length === 0 ? 0 : 1)
  expect(codesIn(validity.parse(JSON.parse(strict.stdout)).errors)).toEqual(warnings)
}

function codesIn(found: z.infer<typeof findings>): readonly string[] {
  for (const { line } of found) expect(line).not.toBeNull()
  return found.map(({ code }) => code)
}

/** No stack traces, no control characters, not endless. */
function expectPresentable(text: string): void {
  expect(text).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m)
  // oxlint-disable-next-line no-control-regex -- they are what must not be there
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\ufeff]/)
  expect(text.length).toBeLessThan(20_000)
}
