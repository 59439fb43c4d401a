import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const MEGABYTES = 256
const PAGE_BYTES = 4_096

/** A small file system of its own for the home of a worker; it takes root to have one. */
export class Disk {
  readonly #folder: string
  readonly #files: string[] = []

  private constructor(folder: string) {
    this.#folder = folder
  }

  /** Null where none can be mounted. */
  static mount(folder: string): Disk | null {
    mkdirSync(folder, { recursive: true })
    return ran('mount', '-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder) ? new Disk(folder) : null
  }

  /** Whoever writes meanwhile may take a part of what was free. */
  fill(): void {
    for (let free = this.#freeBytes(); free > 0; free = this.#freeBytes()) {
      const taken = Math.max(PAGE_BYTES, Math.floor(free * 0.99))
      this.#files.push(join(this.#folder, `ballast-${this.#files.length}`))
      if (!ran('fallocate', '-l', String(taken), this.#files.at(-1) ?? '') && taken === PAGE_BYTES) return
    }
  }

  #freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.#folder)
    return bavail * bsize
  }

  free(): void {
    for (const file of this.#files.splice(0)) rmSync(file, { force: true })
  }

  unmount(): void {
    ran('umount', '-l', this.#folder)
  }
}

function ran(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** Whether disks can be mounted here. */
export const CAN_MOUNT = process.getuid?.() === 0 && ran('unshare', '--mount', 'true')
