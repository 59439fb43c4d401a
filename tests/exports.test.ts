// The names behind every front door: what users may import. Opening a door is easy, closing one breaks somebody, so a
// change shows here. `npx vitest run tests/exports.test.ts -u` writes the new list, for the reviewer to see.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { readWorkspace } from './architecture/workspace.ts'

const ROOT = dirname(import.meta.dirname)
const SOURCE = 'agentloom-source'

const doors = readWorkspace(ROOT)
  .filter(({ folder }) => folder.startsWith('packages/'))
  .flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports).map(([entry, conditions]) => ({
      door: manifest.name + entry.slice(1),
      source: join(ROOT, folder, z.looseObject({ [SOURCE]: z.string() }).parse(conditions)[SOURCE]),
    })),
  )

test('each front door has the names that are pinned in exports.json', async () => {
  const names = Object.fromEntries(doors.map(({ door, source }) => [door, namesOf(readFileSync(source, 'utf8'))]))
  await expect(`${JSON.stringify(names, null, 2)}\n`).toMatchFileSnapshot('exports.json')
})

test.each(doors)('$door lists its values by name', async ({ door, source }) => {
  const text = readFileSync(source, 'utf8')
  expect(text).not.toMatch(/^export \* /m)
  const values: unknown = await import(door)
  const listed = namesOf(text).filter((name) => !name.startsWith('type '))
  expect(listed).toEqual(Object.keys(Object(values)).toSorted())
})

/** Names as `createLogger`, `type Logger`, or `type * from ./plan/plan.ts`, sorted. */
function namesOf(source: string): string[] {
  const lists = [...source.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, allTypes, list]) =>
    (list ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '')
      .map((item) => {
        const isType = allTypes !== undefined || item.startsWith('type ')
        const name = item.replace(/^type /, '').replace(/^.* as /, '')
        return isType ? `type ${name}` : name
      }),
  )
  const stars = [...source.matchAll(/^export type \* from '([^']+)'/gm)].map(([, from]) => `type * from ${from}`)
  const declared = [
    ...source.matchAll(/^export (?:async )?(const|function\*?|class|abstract class|interface|type) (\w+)/gm),
  ].map(([, kind, name]) => (kind === 'interface' || kind === 'type' ? `type ${name}` : `${name}`))
  return [...new Set([...lists, ...stars, ...declared])].toSorted()
}
