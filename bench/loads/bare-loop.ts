// B: the least that a durable step can cost here. One script a step that stores its result, called from a loop; no queue, no
// claim, nobody who would go on after a crash.

import { Redis } from 'ioredis'
import type { LoadKind } from './load.ts'

const STEP = `#!lua
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`

export const bareLoop: LoadKind = {
  key: 'bare-loop',
  title: 'B  bare loop, a script per step',
  store: 'redis',
  async open({ redis: url }) {
    const redis = new Redis(url)
    const sha = String(await redis.script('LOAD', STEP))
    let runs = 0
    return {
      async run(length) {
        const key = `bare:${(runs += 1)}`
        for (let step = 0; step < length; step += 1) await redis.evalsha(sha, 1, key, step, 'null')
      },
      close: async () => void (await redis.quit()),
    }
  },
}
