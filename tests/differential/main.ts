// pnpm differential [--sequences N] [--on redis,cluster,sqlite] [--length L] [--seed S] [--path P]

import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import { reproOf } from './repro.ts'
import { openPlace, STORES, type StoreName } from './stores.ts'

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '1000' },
    on: { type: 'string', default: STORES.join(',') },
    length: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    path: { type: 'string' },
  },
})
const sequences = wholeNumber('sequences', values.sequences)
const length = wholeNumber('length', values.length)
const seed = wholeNumber('seed', values.seed)
const stores = values.on.split(',').map((name) => {
  const store = STORES.find((one) => one === name)
  if (store === undefined) throw new Error(`--on: ${name} is none of ${STORES.join(', ')}`)
  return store
})
for (const store of stores) if (!(await isAlike(store))) process.exitCode = 1

async function isAlike(store: StoreName): Promise<boolean> {
  await using place = await openPlace(store)
  const since = performance.now()
  let played = 0
  let commands = 0
  const onSequence = (count: number): void => {
    played += 1
    commands += count
    if (played % 500 === 0) console.error(`${store}: ${played} sequences, ${secondsSince(since)} s`)
  }
  const details = await compare(place, {
    sequences,
    length,
    seed,
    onSequence,
    ...(values.path !== undefined && { path: values.path }),
  })
  if (details.failed) console.log(reproOf(store, length, details))
  const verdict = details.failed ? 'NOT ALIKE' : 'alike'
  console.log(`${store}: ${played} sequences, ${commands} commands, ${secondsSince(since)} s, seed ${seed}: ${verdict}`)
  return !details.failed
}

function secondsSince(since: number): string {
  return ((performance.now() - since) / 1_000).toFixed(1)
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name}: give a whole number`)
  return Number(text)
}
