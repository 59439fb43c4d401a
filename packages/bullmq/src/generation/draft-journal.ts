import {
  DelegatedJournal,
  restoreRun,
  type Journal,
  type LoadedRun,
  type RestoreReply,
  type RestoreRun,
  type SettleReply,
} from '@agentloom/engine'
import type { Plan } from '@agentloom/workflow'

/** A run as it is to be written. */
export interface Draft {
  readonly command: RestoreRun
  readonly plan: Plan
}

/** Runs are put together here, from all that is known of them, before any of it is written. */
export class DraftJournal extends DelegatedJournal {
  readonly #drafts = new Map<string, Draft>()

  constructor(journal: Journal, drafts: readonly Draft[] = []) {
    super(journal)
    for (const draft of drafts) this.#drafts.set(draft.command.start.runId, draft)
  }

  draft(runId: string): Draft | undefined {
    return this.#drafts.get(runId)
  }

  override async load(runId: string, from?: number): Promise<LoadedRun | null> {
    const draft = this.#drafts.get(runId)
    if (draft === undefined) return super.load(runId, from)
    const { header } = restoreRun(draft.plan, draft.command, () => 0)
    return { header, records: draft.command.records.slice(from) }
  }

  override async definition(hash: string): Promise<string | null> {
    const drafts = [...this.#drafts.values()]
    const own = drafts.find(({ command: { start } }) => start.definition === hash && start.definitionText !== '')
    return own?.command.start.definitionText ?? super.definition(hash)
  }

  override async restore(command: RestoreRun, plan: Plan): Promise<RestoreReply> {
    const { runId } = command.start
    const { header } = restoreRun(plan, command, () => 0)
    this.#drafts.set(runId, { command, plan })
    return { outcome: 'restored', status: header.status, offers: [], undecided: [] }
  }

  override async settle(): Promise<SettleReply> {
    return { outcome: 'stale' }
  }

  override async append(): Promise<{ readonly outcome: 'stale' }> {
    return { outcome: 'stale' }
  }
}
