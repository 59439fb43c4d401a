import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { loadWorkflowFolder } from './load-folder.ts'

const workflow = (name: string): string => `name: ${name}\nsteps:\n  - {id: greet, type: function, handler: hello}\n`

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-workflows-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

test('workflows go by the names in their files; other files and folders are left alone', async () => {
  const folder = folderWith({
    'a.yaml': workflow('one'),
    'b.yml': workflow('two'),
    'notes.txt': 'x',
    '.hidden.yaml': '{',
  })
  mkdirSync(join(folder, 'drafts'))
  expect([...(await loadWorkflowFolder(folder)).plans.keys()]).toEqual(['one', 'two'])
})

test('a name that two files give is refused with both', async () => {
  const folder = folderWith({ 'a.yaml': workflow('same'), 'b.yaml': workflow('same') })
  await expect(loadWorkflowFolder(folder)).rejects.toMatchObject({
    code: 'workflow/name-twice',
    place: join(folder, 'b.yaml'),
    message: expect.stringContaining('a.yaml'),
  })
})

test('a file that does not compile is named with its line', async () => {
  const folder = folderWith({ 'bad.yaml': 'name: bad\nsteps:\n  - {id: a, type: nonsense}\n' })
  await expect(loadWorkflowFolder(folder)).rejects.toMatchObject({ place: expect.stringMatching(/bad\.yaml:3/) })
})

test('a folder without workflows, or none, is refused', async () => {
  await expect(loadWorkflowFolder(folderWith({}))).rejects.toMatchObject({ code: 'config/workflows' })
  await expect(loadWorkflowFolder('/nowhere')).rejects.toMatchObject({
    code: 'config/workflows',
    message: expect.stringContaining('ENOENT'),
  })
})

test('a file that names one outside of the folder is refused; one that is nowhere is told as such', async () => {
  const parentOf = (path: string): string => `name: p\nsteps: [{id: a, type: subworkflow, workflow_path: ${path}}]\n`
  const outside = join(folderWith({ 'c.yaml': workflow('child') }), 'c.yaml')
  await expect(loadWorkflowFolder(folderWith({ 'a.yaml': parentOf(outside) }))).rejects.toMatchObject({
    code: 'file/outside-root',
  })
  await expect(loadWorkflowFolder(folderWith({ 'a.yaml': parentOf('nowhere.yaml') }))).rejects.toMatchObject({
    code: 'workflow/missing-file',
  })
})
