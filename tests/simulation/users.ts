import {
  decideGate,
  Follower,
  isChildRun,
  isOver,
  pauseTree,
  resumeTree,
  signalTree,
  startCommand,
  type Bell,
  type Journal,
  type TreeParts,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import { Link, remoteJournal } from './link.ts'
import { SimProcess } from './process.ts'
import type { World } from './world.ts'

/** What was answered to whoever wanted it, and must hold at the end. */
export interface Promised {
  readonly starts: Set<string>
  readonly decisions: { readonly runId: string; readonly stepId: string; readonly decision: string }[]
  readonly signals: { readonly runId: string; readonly name: string; readonly payload: string }[]
}

interface Client extends TreeParts {
  readonly process: SimProcess
  readonly journal: Journal
  readonly follower: Follower
}

const VERBS = ['pause', 'resume', 'resume', 'cancel', 'decide', 'decide', 'signal', 'signal', 'cancel-child'] as const
const TRIES_MAX = 4
const TRY_AGAIN_MS = 300
/** How often it is looked whether somebody waits for something, once all is calm. */
const CARE_MS = 2_000

/** Whoever starts runs and gives them orders. */
export class Users {
  /** Since the store has lost data, only what a spool knows can be held to. */
  readonly promised: Promised = { starts: new Set(), decisions: [], signals: [] }
  readonly #world: World
  #count = 0
  #isCaring = false

  constructor(world: World) {
    this.#world = world
  }

  start(runId: string, plan: Plan): void {
    const { dice, counts, timeline } = this.#world
    const client = this.#client({ isPerfect: false })
    const command = startCommand(plan, { runId, input: { n: 1 } })
    if (!this.#world.isCalm && dice.chance(0.1))
      client.process.after(dice.latencyMs(5), () => {
        client.process.crash()
        counts['producer-crash'] += 1
        if (dice.chance(0.5)) timeline.after(TRY_AGAIN_MS, () => this.start(runId, plan)) // else nobody asks again
      })
    client.journal.start(command).then(
      async ({ offers }) => {
        this.promised.starts.add(runId)
        await client.follower.ring({ plan, priority: 0 }, offers)
      },
      (error: unknown) => {
        this.#world.failed('start', error)
        timeline.after(TRY_AGAIN_MS, () => this.start(runId, plan))
      },
    )
  }

  /** Does something to a run; what fails is tried again. */
  order(runId: string): void {
    const verb = this.#world.dice.pick(VERBS)
    const client = this.#client({ isPerfect: false })
    const attempt = (tries: number): void => {
      this.#do(client, verb, runId).catch((error: unknown) => {
        this.#world.failed(verb, error)
        if (tries < TRIES_MAX) client.process.after(TRY_AGAIN_MS, () => attempt(tries + 1))
      })
    }
    attempt(1)
  }

  async #do(client: Client, verb: (typeof VERBS)[number], runId: string): Promise<void> {
    const { dice, counts, log } = this.#world
    log?.(`user: ${verb} ${runId}`)
    switch (verb) {
      case 'pause': {
        const { isDone } = await pauseTree(client, runId, 'a user')
        if (isDone) counts['user-paused'] += 1
        return
      }
      case 'resume': {
        const budget = dice.chance(0.5) ? { budgetNanoUsd: 1e10 } : {}
        const { outcome, status } = await resumeTree(client, runId, { reason: 'a user', ...budget })
        if (outcome === 'resumed' && status !== null) counts[isOver(status) ? 'user-reopened' : 'user-resumed'] += 1
        return
      }
      case 'cancel':
        if (dice.chance(0.5)) return
        if ((await client.journal.cancel(runId, 'a user')).isDone) counts['user-cancelled'] += 1
        return
      case 'cancel-child': {
        const children = [...this.#world.store.starts.keys()].filter((id) => isChildRun(id))
        if (children.length === 0) return
        const child = dice.pick(children)
        const { isDone } = await client.journal.cancel(child, 'a user')
        if (isDone) counts['user-cancelled'] += 1
        await client.follower.tellParent(child)
        return
      }
      case 'decide':
        return this.#decide(client, runId)
      case 'signal':
        return this.#signal(client, runId, dice.pick(['go-1', 'go-2']), dice.chance(0.2))
      default:
        return verb satisfies never
    }
  }

  async #decide(client: Client, runId: string): Promise<void> {
    const { dice, counts } = this.#world
    const gates = this.#waitingGates().filter((gate) => gate.runId === runId || gate.runId.startsWith(`${runId}.`))
    if (gates.length === 0) return
    const gate = dice.pick(gates)
    const isOtherwise = dice.chance(0.2)
    const decision = isOtherwise ? 'rejected' : 'approved'
    const path = `${gate.runId}.${gate.stepId}`.slice(runId.length + 1)
    const isSimple = !path.includes('~')
    const at = isSimple && dice.chance(0.5) ? { runId, path } : { runId: gate.runId, path: gate.stepId }
    const reply = await decideGate(client, { ...at, decision, by: client.process.name })
    if (reply.outcome !== 'decided') return
    counts[isOtherwise ? 'user-decided-otherwise' : 'user-decided'] += 1
    this.promised.decisions.push({ ...gate, decision })
  }

  async #signal(client: Client, runId: string, name: string, isOtherwise: boolean): Promise<void> {
    const { counts } = this.#world
    const payload = isOtherwise ? '"other"' : `"${name}!"`
    const reply = await signalTree(client, runId, name, payload)
    if (reply.outcome !== 'kept') return
    counts[isOtherwise ? 'user-signalled-otherwise' : 'user-signalled'] += 1
    this.promised.signals.push({ runId, name, payload })
  }

  /** From now on everything that waits for somebody gets what it waits for. */
  care(): void {
    if (this.#isCaring) return
    this.#isCaring = true
    const client = this.#client({ isPerfect: true })
    const look = (): void => {
      this.#careFor(client)
        .catch((error: unknown) => this.#world.failed('care', error))
        .finally(() => client.process.after(CARE_MS, look))
    }
    look()
  }

  async #careFor(client: Client): Promise<void> {
    const { journal, starts } = this.#world.store
    for (const runId of starts.keys()) {
      const run = journal.stateOf(runId)
      if (run === undefined || isOver(run.status)) continue
      if (run.isHeld) await resumeTree(client, runId, { reason: 'calm' })
      for (const { stepId, wait } of run.cells.values()) {
        if (wait?.kind === 'gate' && wait.timeoutMs === null)
          await decideGate(client, { runId, path: stepId, decision: 'approved', by: 'calm' })
        if (wait?.kind === 'parked') await this.#retry(client, runId, stepId)
        if (wait?.kind === 'signal' && wait.timeoutMs === null)
          await this.#signalAgain(client, run.start.parent?.rootRunId ?? runId, wait.name)
      }
    }
  }

  /** Also what was sent before and has not come down to the run that waits for it. */
  async #signalAgain(client: Client, rootRunId: string, name: string): Promise<void> {
    const sent = this.#world.store.journal.stateOf(rootRunId)?.signals.get(name)
    await signalTree(client, rootRunId, name, sent ?? `"${name}!"`)
  }

  async #retry({ journal, follower }: Client, runId: string, stepId: string): Promise<void> {
    const reply = await journal.wake({ runId, stepId, wake: { kind: 'unparked', by: 'calm' } })
    if (reply.outcome === 'woken') await follower.woken(runId, reply)
  }

  #waitingGates(): readonly { readonly runId: string; readonly stepId: string }[] {
    const { journal, starts } = this.#world.store
    return [...starts.keys()].flatMap((runId) =>
      [...(journal.stateOf(runId)?.cells.values() ?? [])].flatMap(({ stepId, wait }) =>
        wait?.kind === 'gate' ? [{ runId, stepId }] : [],
      ),
    )
  }

  #client({ isPerfect }: { readonly isPerfect: boolean }): Client {
    const world = this.#world
    const process = new SimProcess(`user${(this.#count += 1)}`, world.timeline)
    const journal = remoteJournal(new Link(world, process, { isPerfect }))
    const { plans } = world
    const doorbell = { ring: (bells: readonly Bell[]) => world.bells.ring(process, bells) }
    const follower = new Follower({ journal, doorbell, plans, observe: () => undefined })
    return { process, journal, plans, follower }
  }
}
