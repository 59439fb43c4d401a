import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { wrongTurns } from './architecture/check.ts'
import { readWorkspace } from './architecture/workspace.ts'

const ROOT = dirname(import.meta.dirname)

test('every package imports only what the table of rooms allows', () => {
  const members = readWorkspace(ROOT)
  expect(members.map(({ folder }) => folder)).toEqual(
    expect.arrayContaining(['apps/cli', 'packages/workflow', 'tests']),
  )
  expect(wrongTurns(members)).toEqual([])
})

test('a good house has no wrong turn', () => {
  expect(wrongTurns(readWorkspace(house()))).toEqual([])
})

test.each([
  [
    'a room that is not in the row',
    'packages/engine/src/a.ts',
    `import { g } from '@agentloom/gateway'`,
    'packages/engine may import workflow (.)',
  ],
  [
    'the same as a type',
    'packages/engine/src/a.ts',
    `import type { G } from '@agentloom/gateway'`,
    'packages/engine may import workflow (.)',
  ],
  [
    'the same when called',
    'packages/engine/src/a.ts',
    `const g = await import('@agentloom/gateway')`,
    'packages/engine may import workflow (.)',
  ],
  [
    'a list over several lines',
    'packages/engine/src/a.ts',
    `export {\n  a,\n  type B,\n} from '@agentloom/gateway'`,
    'packages/engine may import workflow (.)',
  ],
  [
    'a value where only types may come',
    'packages/gateway/src/a.ts',
    `import { clock } from '@agentloom/engine/ports'`,
    'types only (import type)',
  ],
  [
    'another entry than the row names',
    'packages/gateway/src/a.ts',
    `import type { E } from '@agentloom/engine'`,
    'packages/gateway may import workflow (.), engine (./ports, types only)',
  ],
  [
    'a deep import',
    'apps/cli/src/a.ts',
    `import { e } from '@agentloom/engine/src/e.ts'`,
    'no such front door: a deep import',
  ],
  [
    'a way out by path',
    'apps/cli/src/a.ts',
    `import { e } from '../../../packages/engine/src/e.ts'`,
    'leaves its package by path; go in through the front door',
  ],
  [
    'a client of another room',
    'apps/cli/src/a.ts',
    `import { Queue } from 'bullmq'`,
    'only packages/bullmq, tests, bench may',
  ],
  [
    'a file in a pure room',
    'packages/workflow/src/a.ts',
    `import { readFileSync } from 'node:fs'`,
    'this folder is pure',
  ],
  ['what package.json does not name', 'apps/cli/src/a.ts', `import 'left-pad'`, 'package.json does not declare it'],
  [
    'a cycle through testing',
    'packages/engine/src/a.test.ts',
    `import { t } from '@agentloom/testing'`,
    'packages/engine may import workflow (.)',
  ],
])('a planted violation is found: %s', (_, path, line, reason) => {
  const root = house({ [path]: line })
  const specifier = /'([^']+)'/.exec(line)?.[1]
  expect(wrongTurns(readWorkspace(root))).toEqual([
    `${path}:${line.split('\n').length} imports ${specifier}: ${reason}`,
  ])
})

test('a planted violation is found: a dependency that the row does not have', () => {
  const root = house({ 'packages/engine/package.json': manifest('engine', { '@agentloom/gateway': 'workspace:*' }) })
  expect(wrongTurns(readWorkspace(root))).toContain(
    'packages/engine/package.json dependencies names @agentloom/gateway: packages/engine may import workflow (.)',
  )
})

/** A small house that keeps the rules, with these files added or replaced. */
function house(files: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'agentloom-house-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const workflow = { '@agentloom/workflow': 'workspace:*' }
  const all = {
    'packages/workflow/package.json': manifest('workflow'),
    'packages/workflow/src/index.ts': `// import { x } from '@agentloom/engine' in a comment is none\nimport { createHash } from 'node:crypto'`,
    'packages/engine/package.json': manifest('engine', workflow),
    'packages/engine/src/index.ts': `import { w } from '@agentloom/workflow'\nexport { a } from './a.ts'`,
    'packages/engine/src/index.test.ts': `import { test } from 'vitest'\nimport { a } from './index.ts'`,
    'packages/gateway/package.json': manifest('gateway', { ...workflow, '@agentloom/engine': 'workspace:*' }),
    'packages/gateway/src/index.ts': `import type { Clock } from '@agentloom/engine/ports'`,
    'packages/testing/package.json': manifest('testing', workflow),
    'apps/cli/package.json': manifest('cli', { ...workflow, '@agentloom/engine': 'workspace:*' }),
    'apps/cli/src/main.ts': `import { e } from '@agentloom/engine'`,
    ...files,
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

function manifest(room: string, dependencies: Record<string, string> = {}): string {
  return JSON.stringify({
    name: `@agentloom/${room}`,
    exports: { '.': {}, './ports': {}, './testing': {} },
    dependencies,
  })
}
