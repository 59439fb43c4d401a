import { startRedis } from '@agentloom/testing'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LoadKind } from '../loads/load.ts'
import { pinningFor, type Pinning } from '../machine/pinning.ts'
import { runChild } from './run-child.ts'
import {
  chainSample,
  languageSample,
  lookUpSample,
  type ChainSample,
  type LanguageSample,
  type LookUpSample,
} from './sample.ts'
import type { Sizes } from './sizes.ts'

export interface Bench {
  readonly loads: readonly LoadKind[]
  readonly hasLookUps: boolean
  readonly hasLanguage: boolean
  readonly sizes: Sizes
  readonly fsync: 'everysec' | 'always'
  readonly pinning: Pinning
  /** On the disk that is to be measured. */
  readonly folder: string
  readonly profile: string | null
  /** Told of each step of the bench before it starts. */
  readonly progress: (doing: string) => void
}

export interface Measured {
  /** By the load's key; the n-th sample of each is of the n-th repeat. */
  readonly chains: ReadonlyMap<string, readonly ChainSample[]>
  /** One entry a repeat. */
  readonly lookUps: readonly LookUpSample[]
  readonly language: readonly LanguageSample[]
}

/** Goes through the loads once a repeat, so that a slow minute of the machine falls on all of them. */
export async function measureAll(bench: Bench): Promise<Measured> {
  const { loads, sizes, progress } = bench
  const chains = new Map<string, ChainSample[]>(loads.map(({ key }) => [key, []]))
  const lookUps: LookUpSample[] = []
  const language: LanguageSample[] = []
  for (let repeat = 1; repeat <= sizes.repeats; repeat += 1) {
    for (const load of loads) {
      progress(`repeat ${repeat} of ${sizes.repeats}: ${load.title}`)
      chains.get(load.key)?.push(await measureOne(bench, load))
    }
    const { pinning, profile, hasLookUps, hasLanguage } = bench
    const whole = { pinning, profile, role: 'whole' } as const
    if (hasLookUps) {
      progress(`repeat ${repeat} of ${sizes.repeats}: candidate look-ups`)
      lookUps.push(lookUpSample.parse(await runChild({ kind: 'look-ups', roundMs: sizes.lookUpMs }, whole)))
    }
    if (hasLanguage) {
      progress(`repeat ${repeat} of ${sizes.repeats}: the language`)
      // On all CPUs: V8 compiles beside the work, as it does for users.
      const free = { pinning: pinningFor(2), profile, role: 'whole' } as const
      language.push(languageSample.parse(await runChild({ kind: 'language', roundMs: sizes.lookUpMs }, free)))
    }
  }
  return { chains, lookUps, language }
}

/** A fresh server and folder each time: nobody pays for what others left. */
async function measureOne({ sizes, fsync, pinning, folder, profile }: Bench, load: LoadKind): Promise<ChainSample> {
  const own = await mkdtemp(join(folder, `${load.key}-`))
  const role = load.store === 'redis' ? 'client' : 'whole'
  try {
    await using redis = await startRedis({
      appendonly: true,
      appendfsync: fsync,
      dir: own,
      args: ['--auto-aof-rewrite-percentage', '0'], // a rewrite would fall on some repeats and not on others
    })
    if (redis.pid !== null) pinning.move('redis', redis.pid)
    const task = { kind: 'chain', load: load.key, redis: redis.url, folder: own, sizes } as const
    return chainSample.parse(await runChild(task, { pinning, role, profile }))
  } finally {
    await rm(own, { recursive: true, force: true })
  }
}
