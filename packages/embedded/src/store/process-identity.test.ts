import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { platform } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { isAlive, ownIdentity } from './process-identity.ts'

test('this process is alive; one of its pid that began at another time is dead', () => {
  const own = ownIdentity()
  expect(isAlive({ ...own, seen: 0 }, 0)).toBe(true)
  expect(isAlive({ ...own, started: 'another boot/1', seen: 0 }, 0)).toBe(own.started === null)
})

test('a process of another machine is alive while it is heard of', () => {
  const other = { pid: process.pid, started: null, host: 'elsewhere', seen: 1_000 }
  expect(isAlive(other, 30_000)).toBe(true)
  expect(isAlive(other, 31_000)).toBe(false)
})

test.skipIf(platform() !== 'linux')('a killed process that its parent has not asked for is dead', async () => {
  // The shell becomes a program that never asks how its children end.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line]: unknown[] = await once(parent.stdout, 'data')
  const child = { ...ownIdentity(), pid: Number(String(line)), started: null, seen: 0 }
  expect(isAlive(child, 0)).toBe(true)
  process.kill(child.pid, 'SIGKILL')
  await expect.poll(() => isAlive(child, 0)).toBe(false)
  expect(process.kill(child.pid, 0)).toBe(true) // and yet the kernel has its pid
})
