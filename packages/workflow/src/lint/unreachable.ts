import { shown } from '../diagnostics/shown.ts'
import { type Unreachable, unreachableSteps } from '../graph/reach.ts'
import type { Linted } from './place.ts'

/** Steps that no run executes. Those behind one that is named already are not named again. */
export function warnOfUnreachable({ plan, findings, at }: Linted): void {
  for (const [id, reason] of unreachableSteps(plan)) {
    const node = plan.byId.get(id)
    if (node === undefined || reason.kind === 'behind') continue
    const field = reason.kind === 'never-when' ? 'when' : 'id'
    const { message, help } = explain(id, reason)
    findings.warn('lint/unreachable', at(node.index, field), message, { help })
  }
}

function explain(
  id: string,
  reason: Exclude<Unreachable, { kind: 'behind' }>,
): { readonly message: string; readonly help: string } {
  if (reason.kind === 'never-when')
    return {
      message: `'${shown(id, 80)}' never runs: \`when\` reads no state and is false`,
      help: 'name a key of the state',
    }
  const routers = reason.routers.map((router) => `'${shown(router, 80)}'`)
  const [first = ''] = routers
  const named =
    routers.length === 1
      ? `the router ${first} never chooses it`
      : `none of its routers ${routers.slice(0, 5).join(', ')} chooses it`
  return {
    message: `'${shown(id, 80)}' never runs: ${named}`,
    help: `make it a target of ${first}, or let it depend on the router's targets instead`,
  }
}
