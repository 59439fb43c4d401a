import { createGateway, type Provider } from '@agentloom/gateway'
import type { LookUpSample } from '../measure/sample.ts'

const PROVIDERS = [1, 5, 20, 50]

/** A fleet asks for a handful of models over and over. */
const MODELS = [
  'gpt-4o',
  'gpt-4o-mini',
  'claude-sonnet-4',
  'gemini-2.0-flash',
  'llama3.2',
  'mistral-large',
  'qwen3',
  'o4-mini',
]

/** Between two looks at the clock. */
const BATCH = 100_000

const ROUNDS = 3

/** How often a second a gateway says who may serve a model: the best of a few rounds, as other work can only slow it down. */
export function measureLookUps(roundMs: number): LookUpSample {
  const gateways = PROVIDERS.map((count) => {
    const gateway = createGateway()
    for (let index = 0; index < count; index += 1) gateway.register(provider(index), { priority: index % 3 })
    return { count, gateway, best: 0 }
  })
  // Taking turns, the first round for warming up: the same compiled code serves all of them.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const measured of gateways) {
      const rate = rateOf((model) => measured.gateway.candidates(model).length, roundMs)
      if (round > 0) measured.best = Math.max(measured.best, rate)
    }
  }
  return gateways.map(({ count, best }) => ({ providers: count, perSecond: best }))
}

function rateOf(lookUp: (model: string) => number, minMs: number): number {
  let count = 0
  let found = 0
  const from = performance.now()
  while (performance.now() - from < minMs) {
    for (let index = 0; index < BATCH; index += 1) found += lookUp(MODELS[index % MODELS.length] ?? '')
    count += BATCH
  }
  if (found < count) throw new Error('a model had no candidate')
  return (count * 1_000) / (performance.now() - from)
}

function provider(index: number): Provider {
  return { name: `p${index}`, call: () => Promise.reject(new Error('the bench calls nobody')) }
}
