import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT } from '../setup.mjs'
import { PNPM_VERSION } from './install.mjs'

const setupUrl = (file: string) => JSON.stringify(new URL(file, import.meta.url).href)

test('set-up installs with the pnpm that package.json names, and npm knows the same members', () => {
  const root = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const workspace = readFileSync(join(ROOT, 'pnpm-workspace.yaml'), 'utf8')
  const members = [...(/^packages:\n((?: {2}- .*\n)+)/m.exec(workspace)?.[1] ?? '').matchAll(/- (.*)/g)].map(
    (match) => match[1],
  )
  expect(root.packageManager).toBe(`pnpm@${PNPM_VERSION}`)
  expect(root.workspaces).toEqual(members) // npm finds the root's `agentloom` from inside a member only by this list
})

test('two set-ups at the same time take turns', async () => {
  const folder = temporaryFolder()
  const log = join(folder, 'log')
  writeFileSync(log, '')
  const script = `
    import { appendFileSync } from 'node:fs'
    import { setTimeout as sleep } from 'node:timers/promises'
    import { withLock } from ${setupUrl('./lock.mjs')}
    await withLock(${JSON.stringify(join(folder, 'lock'))}, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ')
      await sleep(50)
      appendFileSync(${JSON.stringify(log)}, 'out ')
    })`
  const ends = await Promise.all([1, 2, 3].map(() => once(node(script), 'exit')))
  expect(ends).toEqual([
    [0, null],
    [0, null],
    [0, null],
  ])
  expect(readFileSync(log, 'utf8')).toBe('in out in out in out ')
})

test('a lock whose holder died is taken over', async () => {
  const folder = temporaryFolder()
  const dead = node('')
  await once(dead, 'exit')
  mkdirSync(join(folder, 'lock'))
  writeFileSync(join(folder, 'lock', 'pid'), String(dead.pid))
  const script = `
    import { withLock } from ${setupUrl('./lock.mjs')}
    await withLock(${JSON.stringify(join(folder, 'lock'))}, async () => {})`
  expect(await once(node(script), 'exit')).toEqual([0, null])
})

test.each([
  ['its exit code', `process.exit(7)`, null, [7, null]],
  ['its end by a signal', `process.kill(process.pid, 'SIGKILL')`, null, [null, 'SIGKILL']],
  [
    'what it makes of SIGTERM',
    `process.on('SIGTERM', () => process.exit(3)); console.log('up'); setInterval(() => {}, 1000)`,
    'SIGTERM',
    [3, null],
  ],
  [
    'what it makes of SIGINT',
    `process.on('SIGINT', () => process.exit(130)); console.log('up'); setInterval(() => {}, 1000)`,
    'SIGINT',
    [130, null],
  ],
] as const)('the launcher ends as its child ends: %s', async (_, childScript, signal, end) => {
  const script = `
    import { runNode } from ${setupUrl('./run-node.mjs')}
    await runNode(process.execPath, ['-e', ${JSON.stringify(childScript)}])`
  const launcher = node(script)
  const ended = once(launcher, 'exit')
  if (signal !== null) {
    await once(launcher.stdout, 'data')
    launcher.kill(signal)
  }
  expect(await ended).toEqual(end)
})

test('the command line dies with its launcher, however that one ends', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'w.yaml'), 'name: w\nsteps: [{id: s, type: wait_for, signal: never}]\n')
  const script = `
    import { NODE_FLAGS } from ${setupUrl('./command-line.mjs')}
    import { runNode } from ${setupUrl('./run-node.mjs')}
    const main = ${JSON.stringify(fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url)))}
    await runNode(process.execPath, [...NODE_FLAGS, main, 'run', 'w.yaml'], { cwd: ${JSON.stringify(folder)}, isTied: true })`
  const launcher = node(script)
  await once(launcher.stdout, 'data')
  launcher.kill('SIGKILL')
  // The child has inherited the pipe, which closes when the last of them is gone.
  await expect(once(launcher.stdout, 'close')).resolves.toBeDefined()
})

function node(script: string) {
  return spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'agentloom-setup-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
