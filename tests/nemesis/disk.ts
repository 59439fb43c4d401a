import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

const MEGABYTES = 256

/** A small file system of its own for the home of a worker; it takes root to have one. */
export class Disk {
  readonly #folder: string
  readonly #ballast: string

  private constructor(folder: string) {
    this.#folder = folder
    this.#ballast = join(folder, 'ballast')
  }

  /** Null where none can be mounted. */
  static mount(folder: string): Disk | null {
    mkdirSync(folder, { recursive: true })
    return ran('mount', '-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'tmpfs', folder) ? new Disk(folder) : null
  }

  fill(): void {
    const { bavail, bsize } = statfsSync(this.#folder)
    if (!ran('fallocate', '-l', String(bavail * bsize), this.#ballast))
      throw new Error(`${this.#folder} can't be filled`)
  }

  free(): void {
    rmSync(this.#ballast, { force: true })
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
