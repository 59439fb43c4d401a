import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { closedFloor, createToolBox } from '@agentloom/tools'
import { compileYaml } from '@agentloom/workflow'
import { afterAll, expect, test } from 'vitest'
import { runFolders, withRunFolder } from './run-folders.ts'

const workDir = mkdtempSync(join(tmpdir(), 'agentloom-work-'))
afterAll(() => rmSync(workDir, { recursive: true }))
const { plan } = compileYaml('name: x\nsteps:\n  - {id: a, type: function, handler: b}\n')

test("a run's folder is there before its first tool, for its owner alone", async () => {
  const runFolder = runFolders(join(workDir, 'deep'))('run1')
  const tools = withRunFolder(createToolBox({ floor: closedFloor() }))
  const context = {
    signal: AbortSignal.timeout(5_000),
    runId: 'run1',
    stepId: 'a',
    idempotencyKey: 'k',
    runFolder,
    sandbox: plan.config.sandbox,
  }
  await tools.call('file_write', { path: 'note.txt', content: 'hello' }, context)
  expect(statSync(runFolder).mode & 0o777).toBe(0o700)
  expect(await tools.call('file_read', { path: 'note.txt' }, context)).toBe('hello')
})

test.each(['', '.', '..', '../etc', 'a/b', '/etc', 'a\0b', '.hidden'])(
  'what is no run id is no folder: %j',
  (runId) => {
    expect(() => runFolders(workDir)(runId)).toThrow('no run id')
  },
)
