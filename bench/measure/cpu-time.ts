import { Redis } from 'ioredis'

/** Microseconds of CPU, user and system, all threads of the process. */
export interface CpuTime {
  readonly clientUs: number
  readonly redisUs: number
}

/** Reads what this process and the Redis server have used so far. */
export class CpuMeter {
  readonly #redis: Redis | null

  constructor(url: string | null) {
    this.#redis = url === null ? null : new Redis(url)
  }

  async read(): Promise<CpuTime> {
    const redisUs = this.#redis === null ? 0 : usedBy(await this.#redis.info('cpu'))
    const { user, system } = process.cpuUsage()
    return { clientUs: user + system, redisUs }
  }

  async close(): Promise<void> {
    await this.#redis?.quit()
  }
}

/** INFO is finer than /proc/PID/stat, which counts in ticks of 10 ms. */
function usedBy(info: string): number {
  const seconds = ['used_cpu_sys', 'used_cpu_user'].map((field) => {
    const found = new RegExp(`^${field}:([0-9.]+)`, 'm').exec(info)
    if (found === null) throw new Error(`INFO cpu without ${field}`)
    return Number(found[1])
  })
  return seconds.reduce((sum, part) => sum + part, 0) * 1_000_000
}
