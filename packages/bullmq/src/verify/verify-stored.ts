import { setTimeout as sleep } from 'node:timers/promises'
import {
  rebuildRun,
  restartCommand,
  verifyRun,
  type Finding,
  type Journal,
  type LoadedRun,
  type RunStatus,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'
import type { RedisLink } from '../connect/link.ts'
import type { Keys } from '../keys.ts'
import { compareRun } from './compare-run.ts'
import { readStored } from './stored-run.ts'

/** What is wrong with a run, by its records and by what lies beside them. */
export interface VerifiedRun {
  readonly status: RunStatus
  readonly findings: readonly Finding[]
}

export interface VerifyParts {
  readonly redis: RedisLink
  /** Of the run's shard. */
  readonly keys: Keys
  readonly journal: Pick<Journal, 'load'>
  readonly planOf: (definition: string) => Promise<Plan>
}

/** A run at work changes while it is looked at: what is wrong must be wrong every time. */
const LOOKS = 3
const TRIES_MAX = 20
const BETWEEN_MS = 25

/** Null where Redis does not hold the run. @throws {CorruptJournalError} {@link NewerFormatError} */
export async function verifyStored(parts: VerifyParts, runId: string): Promise<VerifiedRun | null> {
  let verified: VerifiedRun | null = null
  for (let looks = 0, tries = 0; looks < LOOKS && tries < TRIES_MAX; tries += 1) {
    if (tries > 0) await sleep(BETWEEN_MS)
    const loaded = await parts.journal.load(runId)
    if (loaded === null) return null
    const found = await look(parts, loaded)
    if (found === null) continue
    looks += 1
    verified = { status: loaded.header.status, findings: verified === null ? found : inBoth(verified.findings, found) }
    if (verified.findings.length === 0) return verified
  }
  if (verified !== null) return verified
  const loaded = await parts.journal.load(runId) // it is written to all the time: its records must do
  return loaded && { status: loaded.header.status, findings: verifyRun(await planFor(parts, loaded), loaded) }
}

async function look(parts: VerifyParts, loaded: LoadedRun): Promise<readonly Finding[] | null> {
  const { redis, keys } = parts
  const { header, records } = loaded
  const plan = await planFor(parts, loaded)
  const stored = await readStored(redis, keys, header.runId)
  if (stored?.recordCount !== records.length) return null
  const own = verifyRun(plan, loaded)
  // What the records imply can't be said of records that make no run.
  if (own.some(({ code }) => code === 'corrupt' || code === 'no-such-step')) return own
  return [...own, ...compareRun(rebuildRun(plan, restartCommand(plan, header), loaded), stored)]
}

function planFor({ planOf }: VerifyParts, { header }: LoadedRun): Promise<Plan> {
  return planOf(header.definition)
}

function inBoth(before: readonly Finding[], now: readonly Finding[]): readonly Finding[] {
  return now.filter(({ code, stepId, message }) =>
    before.some((one) => one.code === code && one.stepId === stepId && one.message === message),
  )
}
