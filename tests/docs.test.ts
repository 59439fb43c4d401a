import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { codesInSources } from './docs/error-codes.ts'
import { anchorsOf, linksOf, pagesOf } from './docs/markdown.ts'

const ROOT = dirname(import.meta.dirname)
const pages = pagesOf(ROOT)

const errors = pages.get('docs/errors.md') ?? ''
const documented = [...errors.matchAll(/^\| <a id="([^"]+)"><\/a>`([^`]+)` \|/gm)].map(([, id = '', code = '']) => ({
  id,
  code,
}))

test('docs/errors.md has every code that the sources have', () => {
  const known = new Set(documented.map(({ code }) => code))
  const missing = [...codesInSources(ROOT)].filter(([code]) => !known.has(code))
  expect(missing.map(([code, path]) => `${code}, in ${path}`)).toEqual([])
})

test('docs/errors.md has no code that the sources do not have, and none twice', () => {
  const inSources = codesInSources(ROOT)
  const codes = documented.map(({ code }) => code)
  expect(codes.filter((code) => !inSources.has(code))).toEqual([])
  expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
})

test('its anchors are those that messages print', () => {
  expect(documented.filter(({ id, code }) => id !== code.replace('/', '-'))).toEqual([])
})

test('relative links lead to files and anchors that exist', () => {
  const broken: string[] = []
  for (const [path, page] of pages) {
    for (const link of linksOf(page)) {
      const [file = '', anchor] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file)
      if (!existsSync(join(ROOT, target))) broken.push(`${path}: ${link}`)
      else if (anchor !== undefined && !anchorsOf(pages.get(target) ?? '').has(anchor)) broken.push(`${path}: ${link}`)
    }
  }
  expect(broken).toEqual([])
})

test('pages and anchors that the sources name exist', () => {
  const broken: string[] = []
  for (const path of globSync(
    ['{apps,packages}/*/{src,lua}/**/*.{ts,lua}', '{tests,bench,scripts}/**/*.{ts,mjs}', 'examples/**/*.yaml'],
    { cwd: ROOT, exclude: (name) => name.endsWith('node_modules') },
  )) {
    const text = readFileSync(join(ROOT, path), 'utf8')
    for (const [, file = '', anchor] of text.matchAll(/\b(docs\/[\w/.-]+\.(?:md|json))(?:#([\w-]+))?/g)) {
      if (!existsSync(join(ROOT, file))) broken.push(`${path}: ${file}`)
      else if (anchor !== undefined && !anchorsOf(pages.get(file) ?? '').has(anchor))
        broken.push(`${path}: ${file}#${anchor}`)
    }
  }
  expect(broken).toEqual([])
})

test('invariants that code and tests cite stand in docs/durability.md', () => {
  const durability = pages.get('docs/durability.md') ?? ''
  const listed = new Set([...durability.matchAll(/^\| (I\d+) \|/gm)].map(([, name]) => name))
  expect(listed.size).toBe(15)
  const cited = globSync('{apps/*,packages/*,tests}/**/*.ts', {
    cwd: ROOT,
    exclude: (name) => name.endsWith('node_modules'),
  }).flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/[(–, ](I\d{1,2})(?=[),.–: ])/g)].map(([, name]) => name),
  )
  expect(cited.length).toBeGreaterThan(3)
  expect(cited.filter((name) => !listed.has(name))).toEqual([])
})
