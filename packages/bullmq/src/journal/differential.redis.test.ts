import {
  decide,
  edgesOf,
  MemoryJournal,
  NO_VERDICTS,
  planResume,
  startCommand,
  type Claim,
  type Journal,
  type NextClaim,
  type Outcome,
  type Settlement,
  type Verdicts,
} from '@agentloom/engine'
import { VirtualClock } from '@agentloom/engine/testing'
import { removeKeys, testPrefix } from '@agentloom/testing'
import { compileYaml, type Plan, type PlanNode } from '@agentloom/workflow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTestJournal } from '../testing/open-journal.fixture.ts'

// The scripts against their model, the engine's journal in memory: the same random commands, sensible and senseless
// ones, in the same order and at the same moments, must be answered alike and leave the same records.

const START_MS = 1_700_000_000_000
const OFFER_MS = 5_000
const SIZES = [30, 150] as const

type Command =
  | { readonly do: 'start' }
  | {
      readonly do: 'claim'
      readonly step: Choice
      readonly nonce: number
      readonly isDecided: boolean
      readonly reads: readonly number[]
    }
  | {
      readonly do: 'settle'
      readonly step: Choice
      readonly nonce: number
      readonly how: Settlement['kind']
      readonly cost: number
      readonly goOn: boolean
      readonly again: boolean
    }
  | { readonly do: 'skip'; readonly step: Choice; readonly cause: number; readonly goOn: boolean }
  | { readonly do: 'spread'; readonly step: Choice }
  | { readonly do: 'release'; readonly step: Choice; readonly nonce: number }
  | { readonly do: 'heartbeat'; readonly steps: readonly { readonly step: Choice; readonly nonce: number }[] }
  | { readonly do: 'cancel' }
  | { readonly do: 'pause' }
  | { readonly do: 'resume'; readonly off: number; readonly budget: number | null }
  | { readonly do: 'due' }
  | { readonly do: 'advance'; readonly ms: number }

/** Mostly one of the steps that make sense for the command, by its index among them; else any of the plan's. */
interface Choice {
  readonly index: number
  readonly isSensible: boolean
}

const step: fc.Arbitrary<Choice> = fc.record({ index: fc.nat(6), isSensible: fc.nat(9).map((dice) => dice > 0) })
const anyStep = fc.nat(6)
/** 0 is the nonce under which the step was claimed last, the others are old or made up. */
const nonce = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }) },
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ do: 'start' as const }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      step,
      nonce: fc.nat(1),
      isDecided: fc.boolean(),
      reads: fc.array(anyStep, { maxLength: 3 }),
    }),
  },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      step,
      nonce,
      how: fc.oneof(
        { weight: 6, arbitrary: fc.constant('success' as const) },
        { weight: 2, arbitrary: fc.constantFrom('failed' as const, 'timeout' as const) },
        { weight: 1, arbitrary: fc.constant('retry' as const) },
      ),
      cost: fc.constantFrom(0, 0, 300_000_000),
      goOn: fc.boolean(),
      again: fc.boolean(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('skip' as const), step, cause: fc.nat(20), goOn: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('spread' as const), step }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const), step, nonce }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('heartbeat' as const),
      steps: fc.array(fc.record({ step, nonce }), { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Command>({ do: 'cancel' }, ...Array<Command>(9).fill({ do: 'pause' })) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('resume' as const),
      off: fc.constantFrom(0, 0, 0, 1),
      budget: fc.constantFrom(null, 1_000_000_000, 100_000_000),
    }),
  },
  { weight: 4, arbitrary: fc.constant({ do: 'due' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 900, 5_001, 5_001, 10_001) }),
  },
)

const plans: fc.Arbitrary<Plan> = fc
  .record({
    count: fc.integer({ min: 2, max: 7 }),
    edges: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 9 }),
    routers: fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 2 }),
    config: fc.record({
      max_concurrent_steps: fc.constantFrom(1, 2, 2, 3, 10),
      on_step_failure: fc.constantFrom('skip_downstream', 'skip_downstream', 'continue'),
      timeout: fc.constantFrom(undefined, 20),
      budget_usd: fc.constantFrom(undefined, undefined, 0.3, 0.5),
    }),
  })
  .map(({ count, edges, routers, config }) => {
    const names = ['a', 'b', 'ü|:x', 'd', 'e', 'f', 'g'].slice(0, count)
    const steps = names.map((id, index) => {
      const dependsOn = [
        ...new Set(
          edges
            .filter(([x, y]) => Math.max(x, y) % count === index && Math.min(x, y) % count < index)
            .map(([x, y]) => names[Math.min(x, y) % count]),
        ),
      ]
      const target = routers.find(([router]) => router % count === index)?.[1]
      const common = { id, depends_on: dependsOn }
      return target === undefined
        ? { ...common, type: 'function', handler: 'f', input: {} }
        : { ...common, type: 'router', default: names[target % count] }
    })
    return compileYaml(JSON.stringify({ name: 'random', config, steps })).plan
  })

for (const size of SIZES) {
  test(`Redis answers ${size} random commands as memory does`, { timeout: 120_000 }, async () => {
    const prefix = testPrefix()
    let count = 0
    try {
      await fc.assert(
        fc.asyncProperty(
          plans,
          fc.array(command, { minLength: size / 2, maxLength: size, size: 'max' }),
          async (plan, commands) => {
            const clock = new VirtualClock(START_MS)
            const opened = await openTestJournal({ startMs: START_MS, prefix: `${prefix}-${(count += 1)}` })
            const memory = new MemoryJournal({ now: () => clock.now(), offerMs: OFFER_MS, hasLeases: true })
            try {
              const players = [new Player(memory, plan), new Player(opened.journal, plan)] as const
              for (const [index, one] of [{ do: 'start' } as const, ...commands].entries()) {
                if (one.do === 'advance') {
                  clock.advance(one.ms)
                  await opened.advance(one.ms)
                  continue
                }
                const [expected, answered] = [await players[0].play(one), await players[1].play(one)]
                expect(answered, `command ${index} ${JSON.stringify(one)}`).toEqual(expected)
                expect(await opened.journal.load('run'), `after command ${index} ${JSON.stringify(one)}`).toEqual(
                  await memory.load('run'),
                )
              }
            } finally {
              opened.redis.disconnect()
            }
          },
        ),
        { numRuns: Number(process.env['AGENTLOOM_TEST_SCALE'] ?? 1) * 40 },
      )
    } finally {
      await removeKeys(prefix)
    }
  })
}

/** Plays commands on one journal; remembers what a worker would. */
class Player {
  readonly #journal: Journal
  readonly #plan: Plan
  /** By step: the claim that was given last. */
  readonly #held = new Map<string, Claim>()
  readonly #offered = new Set<string>()
  readonly #undecided = new Map<string, Verdicts>()
  #nonces = 0

  constructor(journal: Journal, plan: Plan) {
    this.#journal = journal
    this.#plan = plan
  }

  async play(command: Exclude<Command, { do: 'advance' }>): Promise<unknown> {
    const reply = await this.#play(command)
    this.#learn(reply)
    return reply
  }

  /** What any reply says of steps to be claimed or decided. */
  #learn(reply: unknown): void {
    if (Array.isArray(reply)) for (const one of reply) this.#learn(one)
    if (typeof reply !== 'object' || reply === null) return
    if ('offers' in reply) this.#learn(reply.offers)
    if ('undecided' in reply) this.#learn(reply.undecided)
    if (!('stepId' in reply && 'epoch' in reply)) return
    const stepId = String(reply.stepId)
    if ('verdicts' in reply) this.#undecided.set(stepId, reply.verdicts as Verdicts)
    else this.#offered.add(stepId)
  }

  async #play(command: Exclude<Command, { do: 'advance' }>): Promise<unknown> {
    const journal = this.#journal
    switch (command.do) {
      case 'start':
        return journal.start(startCommand(this.#plan, { runId: 'run', input: { n: 1 } }))
      case 'claim': {
        const { id } = this.#chosen(command.step, this.#offered)
        this.#offered.delete(id)
        const again = this.#held.get(id)?.nonce
        const fresh = command.nonce === 0 || again === undefined ? `n${(this.#nonces += 1)}` : again
        const reads = command.reads.map((index) => this.#node(index).id)
        const reply = await journal.claim({
          offer: { runId: 'run', stepId: id, epoch: 0 },
          nonce: fresh,
          worker: 'w"ä',
          leaseMs: 10_000,
          reads,
          isDecided: command.isDecided,
        })
        if (reply.outcome === 'claimed') this.#held.set(id, reply.claim)
        return reply
      }
      case 'settle': {
        const node = this.#chosen(command.step, this.#held)
        const settlement = settlementOf(node, command)
        const edges = settlement.kind === 'retry' ? [] : edgesOf(this.#plan, node, outcomeOf(node, settlement))
        const held = this.#claim(node, command.nonce)
        const once = { claim: held, rank: node.index, settlement, edges, next: command.goOn ? this.#next(edges) : null }
        const reply = await journal.settle(once)
        if (settlement.kind !== 'retry') this.#held.delete(node.id)
        if (reply.outcome === 'settled' && reply.next !== null)
          this.#held.set(reply.next.claim.stepId, reply.next.claim)
        return command.again ? [reply, await journal.settle(once)] : reply
      }
      case 'skip': {
        const node = this.#chosen(command.step, this.#undecided)
        const decision = decide(this.#plan, this.#undecided.get(node.id) ?? NO_VERDICTS)
        const cause = decision.run ? command.cause : decision.cause
        this.#undecided.delete(node.id)
        const edges = edgesOf(this.#plan, node, { kind: 'skipped', cause })
        const offer = { runId: 'run', stepId: node.id, epoch: 0 }
        const reply = await journal.skip({
          offer,
          rank: node.index,
          cause,
          edges,
          next: command.goOn ? this.#next(edges) : null,
        })
        if (reply.outcome === 'settled' && reply.next !== null)
          this.#held.set(reply.next.claim.stepId, reply.next.claim)
        return reply
      }
      case 'spread': {
        const node = this.#chosen(command.step, [])
        return journal.spread({ runId: 'run', stepId: node.id, edges: edgesOf(this.#plan, node, { kind: 'failed' }) })
      }
      case 'release':
        return journal.release(this.#claim(this.#chosen(command.step, this.#held), command.nonce), 'drain')
      case 'heartbeat':
        return journal.heartbeat(
          command.steps.map((one) => this.#claim(this.#chosen(one.step, this.#held), one.nonce)),
          10_000,
        )
      case 'cancel':
        return journal.cancel('run', 'why "not"')
      case 'pause':
        return journal.pause('run', 'a while')
      case 'resume': {
        const loaded = await journal.load('run')
        const reopening =
          loaded === null
            ? null
            : planResume(this.#plan, loaded, {
                reason: 'again',
                ...(command.budget === null ? {} : { budgetNanoUsd: command.budget }),
              })
        return reopening === null
          ? null
          : journal.reopen({ ...reopening, recordCount: reopening.recordCount + command.off })
      }
      case 'due':
        return (await journal.due(1_000)).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      default:
        return command satisfies never
    }
  }

  #chosen({ index, isSensible }: Choice, sensible: Iterable<string> | ReadonlyMap<string, unknown>): PlanNode {
    const ids = sensible instanceof Map ? [...sensible.keys()] : [...(sensible as Iterable<string>)]
    const id = isSensible ? ids[index % ids.length] : undefined
    return (id === undefined ? undefined : this.#plan.byId.get(id)) ?? this.#node(index)
  }

  #node(index: number): PlanNode {
    const node = this.#plan.nodes[index % this.#plan.nodes.length]
    if (node === undefined) throw new Error('no node')
    return node
  }

  #claim({ id }: PlanNode, nonce: number): Claim {
    const held = this.#held.get(id)
    return nonce === 0 && held !== undefined ? held : { runId: 'run', stepId: id, epoch: 1, nonce: `other${nonce}` }
  }

  #next(edges: ReturnType<typeof edgesOf>): NextClaim {
    const candidates = edges.slice(0, 3).map(({ to }) => ({ stepId: to.stepId, reads: [this.#node(0).id] }))
    return { nonce: `next${(this.#nonces += 1)}`, worker: 'w', leaseMs: 10_000, candidates }
  }
}

function settlementOf(node: PlanNode, { how, cost }: Extract<Command, { do: 'settle' }>): Settlement {
  const usage = {
    durationMs: 1.5,
    tokens: cost === 0 ? 0 : 7,
    costNanoUsd: cost,
    model: null,
    provider: cost === 0 ? null : 'p',
  }
  const error = { code: 'step/threw', message: `${node.id} "fails"`, place: null, help: null }
  switch (how) {
    case 'success':
      return {
        kind: 'success',
        output: node.step.type === 'router' ? JSON.stringify(node.step.defaultTarget) : '{"ü":"\\u0000"}',
        usage,
      }
    case 'retry':
      return { kind: 'retry', status: 'failed', error, usage, delayMs: 900 }
    case 'failed':
    case 'timeout':
      return { kind: how, error, usage }
    default:
      return how satisfies never
  }
}

function outcomeOf(node: PlanNode, settlement: Settlement): Outcome {
  return settlement.kind === 'success'
    ? { kind: 'success', target: node.step.type === 'router' ? node.step.defaultTarget : null }
    : { kind: 'failed' }
}
