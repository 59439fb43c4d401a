import { fdatasyncSync, openSync, closeSync, statfsSync, writeSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from '../measure/figures.ts'

/** Numbers that statfs gives; others are shown as they are. */
const FILE_SYSTEMS = new Map([
  [0x0102_1994, 'tmpfs (no disk: its fsync costs nothing)'],
  [0xef53, 'ext4'],
  [0x794c_7630, 'overlayfs'],
  [0x5846_5342, 'xfs'],
  [0x9123_683e, 'btrfs'],
])

export interface Machine {
  readonly cpu: string
  readonly cpuCount: number
  readonly memoryGb: number
  readonly system: string
  readonly node: string
  readonly fileSystem: string
  /** Median of appending 300 bytes to a file with fdatasync: what one durable record costs this disk. */
  readonly appendMs: number
}

export function describeMachine(folder: string): Machine {
  const { type } = statfsSync(folder)
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpuCount: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()}`,
    node: process.version,
    fileSystem: FILE_SYSTEMS.get(type) ?? `0x${type.toString(16)}`,
    appendMs: appendMs(folder),
  }
}

function appendMs(folder: string): number {
  const file = openSync(join(folder, 'append'), 'a')
  const record = Buffer.alloc(300, 'x')
  const times = Array.from({ length: 200 }, () => {
    const from = performance.now()
    writeSync(file, record)
    fdatasyncSync(file)
    return performance.now() - from
  })
  closeSync(file)
  return median(times)
}
