import { parseValue, type Plan } from '@agentloom/workflow'
import { redactError, redactOutputText, type StepUsage } from '@agentloom/engine'
import { costText, countText, durationText } from './figures.ts'
import type { News } from './news.ts'
import { printable } from './printable.ts'
import { outputDetail } from './step-detail.ts'
import type { Style } from './style.ts'

/** Longer ids are printed whole; the columns behind them give way. */
const ID_COLUMNS_MAX = 24
const DURATION_COLUMNS = 9

/** Makes the line of each thing that happens to a step. Remembers what routers chose, to say why others are skipped. */
export class StepLines {
  readonly #plan: Plan
  readonly #style: Style
  readonly #idColumns: number
  readonly #chosen = new Map<string, string>()

  constructor(plan: Plan, style: Style) {
    this.#plan = plan
    this.#style = style
    this.#idColumns = Math.min(
      ID_COLUMNS_MAX,
      plan.nodes.reduce((most, { id }) => Math.max(most, id.length), 0),
    )
  }

  /** The lines that stay, or none for what only a live view shows. */
  of(news: News): readonly string[] {
    const { green, red, yellow, dim } = this.#style
    switch (news.kind) {
      case 'committed':
        return [this.#committed(news, green('✓'))]
      case 'failed': {
        const { stepId, status, error, usage, retryInMs } = news
        // Of the state only its beginning is known here; in results all of it is.
        const { message: shown } = redactError(this.#plan, error, () => this.#plan.state)
        const message = printable(shown.split('\n', 1)[0] ?? '')
        const what = status === 'timeout' ? `timed out: ${message}` : message
        if (retryInMs !== null) {
          return [
            this.#line(yellow('↻'), stepId, durationText(usage.durationMs), [
              what,
              `again in ${durationText(Math.max(0, retryInMs))}`,
            ]),
          ]
        }
        return [this.#line(red('✗'), stepId, durationText(usage.durationMs), [red(what)])]
      }
      case 'skipped':
        return [this.#line(dim('-'), news.stepId, '', [dim(this.#skipReason(news.stepId, news.reason))])]
      case 'waiting':
        return [this.#line(yellow('·'), news.stepId, '', [yellow(waitText(news.wait))])]
      case 'log':
        return [`   ${dim(`${printable(news.stepId)} │ ${printable(news.message)}`)}`]
      case 'started':
      case 'handed-back':
      case 'text':
        return []
      default:
        return news satisfies never
    }
  }

  running(stepId: string, elapsedMs: number, mark: string): string {
    return this.#line(this.#style.cyan(mark), stepId, durationText(elapsedMs), [])
  }

  /** A step that is not settled: how it stands. */
  standing(stepId: string, status: string): string {
    return this.#line(this.#style.yellow('·'), stepId, '', [status])
  }

  #committed({ stepId, output, usage }: Extract<News, { kind: 'committed' }>, mark: string): string {
    const node = this.#plan.byId.get(stepId)
    if (node?.step.type === 'router') this.#chosen.set(stepId, String(parseValue(output)))
    const details = [outputDetail(node, redactOutputText(this.#plan, node, output)), ...usageDetails(usage)].filter(
      (detail) => detail !== null,
    )
    return this.#line(mark, stepId, durationText(usage.durationMs), details)
  }

  #skipReason(stepId: string, reason: string | null): string {
    if (reason !== null) return printable(reason)
    for (const index of this.#plan.byId.get(stepId)?.dependsOn ?? []) {
      const id = this.#plan.nodes[index]?.id ?? ''
      const chosen = this.#chosen.get(id)
      if (chosen !== undefined && chosen !== stepId) return `skipped: ${printable(id)} chose ${printable(chosen)}`
    }
    return 'skipped'
  }

  #line(mark: string, stepId: string, duration: string, details: readonly string[]): string {
    const id = printable(stepId).padEnd(this.#idColumns)
    const line = ` ${mark} ${id} ${this.#style.dim(duration.padStart(DURATION_COLUMNS))}   ${details.join('   ')}`
    return line.trimEnd()
  }
}

function waitText(wait: Extract<News, { kind: 'waiting' }>['wait']): string {
  switch (wait.kind) {
    case 'gate':
      return wait.timeoutMs === null
        ? 'waits for a decision'
        : `waits for a decision, at most ${durationText(wait.timeoutMs)}`
    case 'timer':
      return `sleeps for ${durationText(wait.delayMs)}`
    case 'signal':
      return `waits for the signal ${printable(wait.name, 80)}`
    case 'parked':
      return `parked (${printable(wait.reason, 40)}): ${printable(wait.message, 200)}`
    default:
      return wait satisfies never
  }
}

function usageDetails({ tokens, costNanoUsd, model }: StepUsage): string[] {
  if (model === null) return []
  return [countText(tokens, 'token'), costText(costNanoUsd), printable(model, 40)]
}
