import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { call, folderWith } from '../io/fake-io.fixture.ts'
import { examineFolder } from './folder.ts'

function home(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-doctor-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

const levelsOf = async (folder: string): Promise<Record<string, string>> =>
  Object.fromEntries((await examineFolder(folder)).map(({ check, level }) => [check, level]))

test('a folder that others may read, and a journal that is none', async () => {
  const folder = home()
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'journal.db'), 'no database at all, but long enough to be taken for one'.repeat(100))
  expect(await levelsOf(folder)).toMatchObject({ 'folder-mode': 'warning', 'folder-journal': 'problem' })
})

test('a folder that is not there is none to worry about', async () => {
  expect(await examineFolder(join(home(), 'nowhere'))).toEqual([expect.objectContaining({ level: 'ok' })])
})

test('the command says it all, and the exit code whether there is a problem', async () => {
  const cwd = folderWith({
    'flow.yaml': 'name: w\nsteps:\n  - {id: a, type: tool, tool_name: shell_command, tool_args: {command: "true"}}\n',
  })
  await call(['run', 'flow.yaml'], { cwd })
  const fine = await call(['doctor'], { cwd })
  expect(fine).toMatchObject({ code: 0, stderr: '' })
  expect(fine.stdout).toMatch(/✓ .*journal\.db is whole\n0 problems, 0 warnings\n$/)
  mkdirSync(join(cwd, 'other'))
  writeFileSync(join(cwd, 'other', 'journal.db'), 'x'.repeat(5_000))
  const broken = await call(['doctor', '--json'], { cwd, env: { AGENTLOOM_HOME: 'other' } })
  expect(broken.code).toBe(1)
  expect(JSON.parse(broken.stdout)).toContainEqual(
    expect.objectContaining({ check: 'folder-journal', level: 'problem' }),
  )
})

test('a Redis that is not there is an error, with exit code 1', async () => {
  const called = await call(['doctor', '--redis', 'redis://127.0.0.1:1'], { cwd: folderWith({}) })
  expect(called.code).toBe(1)
  expect(called.stderr).toContain('redis/unreachable')
})
