import { expect, test } from 'vitest'
import { compare } from './compare.ts'
import { reproOf } from './repro.ts'
import { openPlace, STORES } from './stores.ts'

/** Times as many sequences as usual. `pnpm differential` tries more, and others. */
const SCALE = Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1)
const SEQUENCES = { redis: 40, cluster: 20, sqlite: 20 }
const LENGTHS = [30, 150] as const

for (const store of STORES)
  for (const length of LENGTHS)
    test(`${store} answers ${length} random commands as memory does`, { timeout: 240_000 * SCALE }, async () => {
      await using place = await openPlace(store)
      const seed = Date.now()
      const details = await compare(place, { sequences: SEQUENCES[store] * SCALE, length, seed })
      expect(details.failed, reproOf(store, length, details)).toBe(false)
    })
