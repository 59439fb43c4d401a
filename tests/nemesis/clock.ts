import { existsSync, writeFileSync } from 'node:fs'

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1',
  '/usr/lib/faketime/libfaketimeMT.so.1',
]
const library = LIBRARIES.find((path) => existsSync(path))

/** Whether the wall clock of a process can be set here: it takes libfaketime. */
export const CAN_SET_CLOCKS = library !== undefined

/** The wall clock of one worker: its monotonic clock stays right, as that of a machine whose clock is set. */
export class Clock {
  readonly #file: string
  skewSeconds = 0

  constructor(file: string) {
    this.#file = file
    this.set(0)
  }

  set(skewSeconds: number): void {
    this.skewSeconds = skewSeconds
    writeFileSync(this.#file, `${skewSeconds >= 0 ? '+' : ''}${skewSeconds}`)
  }

  /** For the process whose clock it is. */
  get environment(): NodeJS.ProcessEnv {
    if (library === undefined) return {}
    return {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
  }
}
