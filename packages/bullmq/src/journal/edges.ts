import type { Edge, NextClaim, Verdicts } from '@agentloom/engine'
import { tails } from './record-codec.ts'

/** `lua/lib/ready.lua` reads them: step, then `rank|in-degree|cause|voted|flags`. */
export function pushEdges(args: (string | number)[], edges: readonly Edge[]): void {
  for (const { to, inDegree, verdicts } of edges)
    args.push(to.stepId, `${to.rank}|${inDegree}|${verdictsText(verdicts)}`)
}

export function verdictsText({ cause, voted, chosen, admitted }: Verdicts): string {
  return `${cause ?? ''}|${voted ?? ''}|${(chosen ? 1 : 0) + (admitted ? 2 : 0)}`
}

/** A candidate of a later chunk can't be claimed by the first call; leaving it out only costs a bell. */
export function pushNext(args: (string | number)[], next: NextClaim | null): void {
  if (next === null) return
  for (const { stepId, reads } of next.candidates)
    args.push(stepId, tails.claimed(stepId, next.worker), reads.length, ...reads)
}
