import type { RunView } from '@agentloom/engine'
import type { Output } from '../io/output.ts'
import { costText, countText, durationText } from './figures.ts'
import { printable } from './printable.ts'
import { styleOf } from './style.ts'

/** `success in 2.9 s · 3,010 tokens · $0.0019 · report: out/incident.md` */
export function summaryLine(view: RunView, output: Output, notes: readonly string[]): string {
  const parts = [`${statusText(view.status, output)} in ${durationText(view.durationMs)}`]
  if (view.tokens > 0 || view.costNanoUsd > 0) parts.push(countText(view.tokens, 'token'), costText(view.costNanoUsd))
  return [...parts, ...notes].join(' · ')
}

export function statusText(status: string, output: Output): string {
  const { green, red, yellow, bold } = styleOf(output)
  if (status === 'success') return bold(green(status))
  const isWaiting = ['paused', 'parked', 'queued', 'running', 'waiting', 'ready'].includes(status)
  return bold(isWaiting ? yellow(status) : red(status))
}

/** `next: agentloom show … · agentloom run FILE` */
export function nextLine(commands: readonly string[]): string {
  return `next: ${commands.map((command) => printable(command)).join(' · ')}`
}

/** How this program is called where the user sits: what npm started is not on the path. */
export function commandName(env: Readonly<Record<string, string | undefined>>): string {
  return env['npm_command'] === undefined && env['npm_lifecycle_event'] === undefined ? 'agentloom' : 'npx agentloom'
}
