import type { Plan } from '@agentloom/workflow'
import { DelegatedJournal } from '../journal/delegated-journal.ts'
import { NO_USAGE } from '../journal/record.ts'
import type {
  AppendReply,
  Claim,
  ClaimedStep,
  ClaimReply,
  ClaimStep,
  Journal,
  LoadedRun,
  Note,
  Offer,
  RunHeader,
  SettleReply,
  Settlement,
  SettleStep,
  SignalReply,
  SkipStep,
  SpreadEdges,
  StartReply,
  StartRun,
} from '../ports/journal.ts'
import type { RestoreReply, RestoreRun } from '../ports/whole-runs.ts'
import type { Blobs } from './blobs.ts'
import { BlobMissingError } from './errors.ts'
import { valueOf, withValue } from './record-values.ts'
import { isReference } from './reference.ts'

/** When a step that lacks a value looks for it again. */
const LOOK_AGAIN_MS = 60_000

/**
 * A journal whose large values lie in a blob store: inputs, outputs, notes and signals. A value is there before the journal
 * names it; whoever reads the journal through this class sees values only. `list` alone leaves large inputs as they stand.
 *
 * A step whose values are missing is parked with that reason, and looks again by itself.
 */
export class BlobJournal extends DelegatedJournal {
  readonly #blobs: Blobs

  constructor(journal: Journal, blobs: Blobs) {
    super(journal)
    this.#blobs = blobs
  }

  override start(run: StartRun): Promise<StartReply> {
    const input = this.#blobs.shortened(run.runId, run.input)
    if (typeof input === 'string') return this.journal.start(run)
    return input.then((reference) => this.journal.start({ ...run, input: reference }))
  }

  override async claim(command: ClaimStep): Promise<ClaimReply> {
    const reply = await this.journal.claim(command)
    if (reply.outcome !== 'claimed' || !(refers(reply) || isReference(reply.header.input))) return reply
    let missing: BlobMissingError
    try {
      const [whole, header] = await Promise.all([this.#wholeStep(reply), this.#wholeHeader(reply.header)])
      return { ...reply, ...whole, header }
    } catch (error) {
      if (!(error instanceof BlobMissingError)) {
        await this.journal.release(reply.claim, 'blobs')
        throw error
      }
      missing = error
    }
    await this.#park(reply.claim, missing)
    return { outcome: 'refused', reason: 'not-ready' }
  }

  override settle(command: SettleStep): Promise<SettleReply> {
    const { runId } = command.claim
    const output = outputOf(command.settlement)
    const text = output === null ? null : this.#blobs.shortened(runId, output)
    if (text === null || typeof text === 'string') return this.#withWholeNext(this.journal.settle(command))
    return text.then((reference) => {
      const settlement = { ...command.settlement, output: reference } as Settlement // it has an output
      return this.#withWholeNext(this.journal.settle({ ...command, settlement }))
    })
  }

  override skip(command: SkipStep): Promise<SettleReply> {
    return this.#withWholeNext(this.journal.skip(command))
  }

  override spread(command: SpreadEdges): Promise<SettleReply> {
    return this.#withWholeNext(this.journal.spread(command))
  }

  override append(claim: Claim, note: Note): Promise<AppendReply> {
    const text = this.#blobs.shortened(claim.runId, note.text)
    if (typeof text === 'string') return this.journal.append(claim, note)
    return text.then((reference) => this.journal.append(claim, { ...note, text: reference }))
  }

  override async notes(runId: string, stepId: string): Promise<readonly string[]> {
    return this.#blobs.whole(runId, await this.journal.notes(runId, stepId))
  }

  override async signal(runId: string, name: string, payload: string): Promise<SignalReply> {
    return this.journal.signal(runId, name, await this.#blobs.shortened(runId, payload))
  }

  override async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const { start, records } = command
    const shortened = async (text: string): Promise<string> => this.#blobs.shortened(start.runId, text)
    const input = await shortened(start.input)
    const texts = await Promise.all(records.map((record) => shortened(valueOf(record))))
    const withReferences = records.map((record, at) => withValue(record, texts[at] ?? ''))
    return this.journal.restore({ ...command, start: { ...start, input }, records: withReferences }, plan)
  }

  override async load(runId: string, from?: number): Promise<LoadedRun | null> {
    const loaded = await this.journal.load(runId, from)
    if (loaded === null) return null
    const texts = await this.#blobs.whole(runId, [loaded.header.input, ...loaded.records.map(valueOf)])
    return {
      header: { ...loaded.header, input: texts[0] ?? loaded.header.input },
      records: loaded.records.map((record, at) => withValue(record, texts[at + 1] ?? '')),
    }
  }

  override async header(runId: string): Promise<RunHeader | null> {
    const header = await this.journal.header(runId)
    return header === null ? null : this.#wholeHeader(header)
  }

  async #wholeHeader(header: RunHeader): Promise<RunHeader> {
    const [input = header.input] = await this.#blobs.whole(header.runId, [header.input])
    return input === header.input ? header : { ...header, input }
  }

  async #wholeStep(step: ClaimedStep): Promise<ClaimedStep> {
    const { outputs, wake, claim } = step
    const payload = wake?.kind === 'signalled' ? wake.payload : ''
    const texts = await this.#blobs.whole(claim.runId, [payload, ...outputs.map((output) => output?.text ?? '')])
    return {
      ...step,
      wake: wake?.kind === 'signalled' ? { ...wake, payload: texts[0] ?? '' } : wake,
      outputs: outputs.map((output, at) => (output === null ? null : { ...output, text: texts[at + 1] ?? '' })),
    }
  }

  /** The settlement stands, whatever becomes of the next step: one whose values cannot be had is given back, or parked. */
  async #withWholeNext(settling: Promise<SettleReply>): Promise<SettleReply> {
    const reply = await settling
    if (reply.outcome === 'stale' || reply.next === null || !refers(reply.next)) return reply
    try {
      return { ...reply, next: await this.#wholeStep(reply.next) }
    } catch (error) {
      const offers = await this.#giveUp(reply.next.claim, error)
      return { ...reply, next: null, offers: [...reply.offers, ...offers] }
    }
  }

  async #giveUp(claim: Claim, error: unknown): Promise<readonly Offer[]> {
    if (!(error instanceof BlobMissingError)) return this.journal.release(claim, 'blobs')
    await this.#park(claim, error)
    return []
  }

  async #park(claim: Claim, { message }: BlobMissingError): Promise<void> {
    const wait = { kind: 'parked', reason: 'blob-missing', message, checkMs: LOOK_AGAIN_MS } as const
    const settlement: Settlement = { kind: 'wait', wait, usage: NO_USAGE }
    await this.journal.settle({ claim, rank: 0, settlement, edges: [], next: null }) // its rank is known to the journal
  }
}

function refers({ outputs, wake }: ClaimedStep): boolean {
  return (
    outputs.some((output) => output !== null && isReference(output.text)) ||
    (wake?.kind === 'signalled' && isReference(wake.payload))
  )
}

function outputOf(settlement: Settlement): string | null {
  switch (settlement.kind) {
    case 'success':
      return settlement.output
    case 'failed':
    case 'timeout':
      return settlement.output ?? null
    case 'wait':
    case 'skipped':
    case 'retry':
      return null
    default:
      return settlement satisfies never
  }
}
