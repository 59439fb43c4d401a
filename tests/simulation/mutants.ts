/** One deliberate mistake in the protocol: a piece of a module that is replaced when the module is loaded. */
export interface Mutant {
  readonly name: string
  /** End of the module's path. */
  readonly file: string
  readonly from: string
  readonly to: string
}

export const mutants: readonly Mutant[] = [
  {
    name: 'drop the fence of a settlement',
    file: 'engine/src/journal/settle.ts',
    from: 'if (cell === undefined || cell.nonce !== held.nonce) return',
    to: 'if (cell === undefined) return',
  },
  {
    name: 'drop the fence of a note',
    file: 'engine/src/journal/notes.ts',
    from: 'cell?.nonce === held.nonce && (cell.status',
    to: 'cell !== undefined && (cell.status',
  },
  {
    name: 'skip a decrement',
    file: 'engine/src/journal/settle.ts',
    from: 'run.unresolved -= 1',
    to: 'run.unresolved -= run.unresolved > 1 ? 0 : 1',
  },
  {
    name: 'decrement twice',
    file: 'engine/src/journal/settle.ts',
    from: 'run.unresolved -= 1',
    to: 'run.unresolved = Math.max(0, run.unresolved - 2)',
  },
  {
    name: 'count an edge twice',
    file: 'engine/src/journal/ready.ts',
    from: 'cell.edgeCount += 1',
    to: 'cell.edgeCount = Math.min(edge.inDegree, cell.edgeCount + 2)',
  },
  {
    name: 'lose an edge',
    file: 'engine/src/journal/ready.ts',
    from: "if (cell.status !== 'waiting') continue //",
    to: "if (cell.status !== 'waiting' || (cell.edgeCount === 1 && edge.inDegree > 2)) continue //",
  },
  {
    name: 'let the first parent decide a skip',
    file: 'engine/src/journal/ready.ts',
    from: 'if (cell.edgeCount === edge.inDegree)',
    to: 'if (cell.edgeCount === edge.inDegree || !isClean(cell.verdicts))',
  },
  {
    name: 'merge verdicts by the highest cause',
    file: 'engine/src/schedule/verdicts.ts',
    from: 'cause === null ? { run: true } : { run: false, cause }\n}\n\nfunction lower(a: number | null, b: number | null): number | null {\n  if (a === null) return b\n  return b === null ? a : Math.min(a, b)',
    to: 'cause === null ? { run: true } : { run: false, cause }\n}\n\nfunction lower(a: number | null, b: number | null): number | null {\n  if (a === null) return b\n  return b === null ? a : Math.max(a, b)',
  },
  {
    name: 'forget that a router chose',
    file: 'engine/src/schedule/verdicts.ts',
    from: 'chosen: a.chosen || b.chosen',
    to: 'chosen: a.chosen && b.chosen',
  },
  {
    name: 'forget the due entry of an offer',
    file: 'engine/src/journal/offer.ts',
    from: 'if (ctx.offerMs !== null) ctx.due.set',
    to: 'if (ctx.offerMs === null) ctx.due.set',
  },
  {
    name: 'forget the due entry of a lease',
    file: 'engine/src/journal/claim.ts',
    from: 'if (ctx.hasLeases) ctx.due.set',
    to: 'if (!ctx.hasLeases) ctx.due.set',
  },
  {
    name: 'forget the due entry of a retry',
    file: 'engine/src/journal/settle.ts',
    from: 'ctx.due.set(run.start.runId, cell.stepId, retryAtMs)',
    to: 'ctx.due.clear(run.start.runId, cell.stepId)',
  },
  {
    name: 'forget the due entry of a timer',
    file: 'engine/src/journal/wait.ts',
    from: 'else ctx.due.set(run.start.runId, cell.stepId, atMs)',
    to: "else if (cell.wait?.kind === 'child') ctx.due.set(run.start.runId, cell.stepId, atMs)",
  },
  {
    name: 'forget to look after child runs',
    file: 'engine/src/journal/wait.ts',
    from: "cell.wait?.kind === 'child' ? ctx.nowMs + CHILD_CHECK_MS : cell.untilMs\n  if",
    to: 'cell.untilMs\n  if',
  },
  {
    name: "forget a run's deadline",
    file: 'engine/src/journal/begin.ts',
    from: 'if (start.timeoutMs !== null) ctx.due.set',
    to: 'if (start.timeoutMs === 0) ctx.due.set',
  },
  {
    name: 'claim without a new epoch',
    file: 'engine/src/journal/claim.ts',
    from: '  cell.epoch += 1\n  cell.nonce = by.nonce',
    to: '  cell.nonce = by.nonce',
  },
  {
    name: 'offer again under the same epoch',
    file: 'engine/src/journal/verbs.ts',
    from: '  cell.epoch += 1\n  return offerAgain',
    to: '  return offerAgain',
  },
  {
    name: 'let a heartbeat revive a lost claim',
    file: 'engine/src/journal/verbs.ts',
    from: "cell === undefined || cell.nonce !== held.nonce) return 'lost'",
    to: "cell === undefined) return 'lost'",
  },
  {
    name: 'take a step that another holds',
    file: 'engine/src/journal/claim.ts',
    from: "if (cell.status === 'leased' || isLate) return",
    to: 'if (isLate) return',
  },
  {
    name: 'give a claim again that has ended',
    file: 'engine/src/journal/claim.ts',
    from: 'const isLate = cell.nonce === command.nonce',
    to: 'const isLate = false',
  },
  {
    name: 'settle after the end',
    file: 'engine/src/journal/settle.ts',
    from: "  if (isClosedTo(run, cell.stepId)) return { outcome: 'stale' }\n  const base",
    to: '  const base',
  },
  {
    name: 'apply a repeated settlement twice',
    file: 'engine/src/journal/settle.ts',
    from: "if (cell.status !== 'leased' && cell.status !== 'expired') return repeatedReply",
    to: "if (cell.status === 'ready') return repeatedReply",
  },
  {
    name: 'keep the slot after a settlement',
    file: 'engine/src/journal/settle.ts',
    from: '  freeSlot(run, cell, ctx)\n  run.updatedAtMs = ctx.nowMs\n  run.spentNanoUsd',
    to: "  if (settlement.kind === 'success') freeSlot(run, cell, ctx)\n  run.updatedAtMs = ctx.nowMs\n  run.spentNanoUsd",
  },
  {
    name: 'keep the slot after a release',
    file: 'engine/src/journal/verbs.ts',
    from: "  freeSlot(run, cell, ctx)\n  run.updatedAtMs = ctx.nowMs\n  cell.status = 'ready'",
    to: "  run.updatedAtMs = ctx.nowMs\n  cell.status = 'ready'",
  },
  {
    name: 'count a slot twice',
    file: 'engine/src/journal/claim.ts',
    from: "if (cell.status !== 'expired' && !isCleanup(run, cell.stepId)) run.inFlight += 1",
    to: 'if (!isCleanup(run, cell.stepId)) run.inFlight += 1',
  },
  {
    name: 'give out more slots than there are',
    file: 'engine/src/journal/claim.ts',
    from: 'run.start.cap !== null && run.inFlight >= run.start.cap',
    to: 'run.start.cap !== null && run.inFlight > run.start.cap',
  },
  {
    name: 'claim without looking at the budget',
    file: 'engine/src/journal/claim.ts',
    from: 'if (!isFree && run.budgetNanoUsd !== null &&',
    to: 'if (isFree && run.budgetNanoUsd !== null &&',
  },
  {
    name: 'go on without looking at the budget',
    file: 'engine/src/journal/settle.ts',
    from: '  if (run.budgetNanoUsd !== null && run.spentNanoUsd >= run.budgetNanoUsd) return null\n',
    to: '',
  },
  {
    name: 'keep a signal twice',
    file: 'engine/src/journal/wake.ts',
    from: "if (kept !== undefined) return { outcome: 'kept'",
    to: "if (kept === '') return { outcome: 'kept'",
  },
  {
    name: 'let a later signal win',
    file: 'engine/src/journal/wake.ts',
    from: "if (kept !== undefined && kept !== payload) return { outcome: 'refused', reason: 'signalled-otherwise' }",
    to: 'if (kept !== undefined && kept !== payload) run.signals.set(name, payload)',
  },
  {
    name: 'lose a signal that came before the wait',
    file: 'engine/src/journal/wait.ts',
    from: "if (payload !== undefined) return { kind: 'signalled', payload }",
    to: "if (payload === '') return { kind: 'signalled', payload }",
  },
  {
    name: 'apply a decision twice',
    file: 'engine/src/journal/wake.ts',
    from: "if (isSame(last, given)) return 'same'",
    to: "if (isSame(last, given)) return 'wakes'",
  },
  {
    name: "lose the news of a child run's end",
    file: 'engine/src/walk/follow.ts',
    from: "if (isOver(status)) return this.#wakeParent(parent, { kind: 'child-ended', runId, status })",
    to: 'if (isOver(status)) return',
  },
  {
    name: 'reopen without a fence',
    file: 'engine/src/journal/reopen.ts',
    from: 'if (!isAtRest || run.records.length !== command.recordCount)',
    to: 'if (!isAtRest)',
  },
  {
    name: 'write the same note twice',
    file: 'engine/src/journal/notes.ts',
    from: 'if (cell.noted?.has(text) === true) return',
    to: 'if (cell.noted?.has(text) === null) return',
  },
  {
    name: 'end without the cleanup',
    file: 'engine/src/journal/end.ts',
    from: 'if (cleanup === null || run.closing !== null) {',
    to: "if (cleanup === null || run.closing !== null || status === 'failed') {",
  },
  {
    name: 'claim while the run is paused',
    file: 'engine/src/journal/claim.ts',
    from: "if (run.status === 'paused' || run.isHeld) {",
    to: "if (run.status === 'cancelled') {",
  },
  {
    name: 'go on while the run is paused',
    file: 'engine/src/journal/settle.ts',
    from: 'next === null || run.isHeld ? null',
    to: 'next === null ? null',
  },
  {
    name: 'leave child runs alone at the end',
    file: 'engine/src/journal/end.ts',
    from: "if (run.closing !== null || status === 'success' || status === 'failed') return",
    to: 'if (status !== null) return',
  },
  {
    name: 'begin a child run after the end',
    file: 'engine/src/journal/begin.ts',
    from: 'isClosedTo(parent, start.parent.stepId)) {',
    to: 'isClosedTo(parent, start.parent.stepId) && run.inFlight > 0) {',
  },
  {
    name: 'burn an attempt in an outage',
    file: 'engine/src/walk/behalf.ts',
    from: 'if (!isRefusal) held.giveUp',
    to: 'if (isRefusal) held.giveUp',
  },
  {
    name: 'note an item that was given up as failed',
    file: 'engine/src/execute/foreach.ts',
    from: "if (held.reason === 'lost') throw",
    to: "if (held.reason === 'drain') throw",
  },
  {
    name: 'commit before the spool has it',
    file: 'engine/src/spool/spooled-journal.ts',
    from: '    const [reply] = await Promise.all([write(), this.#put(entry)])\n    return reply',
    to: '    const reply = await write()\n    void this.#put(entry)\n    return reply',
  },
  {
    name: 'spool results of a run that it does not know',
    file: 'engine/src/spool/spooled-journal.ts',
    from: 'if (known?.limits === limits) return known.put',
    to: 'if (known?.limits === limits) return',
  },
  {
    name: 'start a run twice',
    file: 'engine/src/journal/memory-journal.ts',
    from: "      return { outcome: 'exists', offers: [] }",
    to: "      found.records.push({ kind: 'started', atMs: 0 })\n      return { outcome: 'exists', offers: [] }",
  },
  {
    name: 'forget the edges that a reopening leaves',
    file: 'engine/src/journal/reopen.ts',
    from: 'run.unresolved = command.unresolvedCount',
    to: 'run.unresolved += 0',
  },
]

/** @throws where the module has changed and the mutant is no longer what it says */
export function mutated({ name, file, from, to }: Mutant, text: string): string {
  const parts = text.split(from)
  if (parts.length !== 2) throw new Error(`mutant "${name}": ${file} has its text ${parts.length - 1} times`)
  return parts.join(to)
}
