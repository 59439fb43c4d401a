import type { Plan } from '@agentloom/workflow'
import type { Output } from '../io/output.ts'
import type { News } from './news.ts'
import { fittedStyled } from './fitted.ts'
import { StepLines } from './step-lines.ts'
import { StreamLines } from './stream-lines.ts'
import { styleOf } from './style.ts'

/** Shows a run while it goes on. */
export interface RunView {
  tell(news: News): void
  /** Whatever is drawn is left as it should stay. */
  end(): void
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
/** Often enough to look alive, seldom enough to cost nothing. */
const FRAME_MS = 80
/** Running steps that are drawn; the others are counted. More would push the settled ones out of sight. */
const DRAWN_MAX = 8

const CLEAR_BELOW = '\x1b[J'
const up = (lines: number): string => (lines === 0 ? '\r' : `\x1b[${lines}A\r`)

/** No view at all: `--json` where nobody watches. */
export const noView: RunView = { tell: () => {}, end: () => {} }

/** Settled steps as lines that stay; on a terminal the running ones below them, drawn over again and again. */
export function runView(plan: Plan, output: Output, now: () => number): RunView {
  const lines = new StepLines(plan, styleOf(output))
  return output.isTerminal ? liveView(lines, output, now) : plainView(lines, output)
}

function plainView(lines: StepLines, output: Output): RunView {
  const streams = new StreamLines()
  return {
    tell(news) {
      for (const line of [...streamed(streams, news), ...lines.of(news)]) output.line(line)
    },
    end: () => {},
  }
}

function liveView(lines: StepLines, output: Output, now: () => number): RunView {
  const streams = new StreamLines()
  const running = new Map<string, number>()
  let drawn = 0
  let frame = 0
  const draw = (settled: readonly string[]): void => {
    const mark = FRAMES[frame % FRAMES.length] ?? ''
    const live = [...running].slice(0, DRAWN_MAX).map(([id, sinceMs]) => lines.running(id, now() - sinceMs, mark))
    if (running.size > DRAWN_MAX) live.push(`   and ${running.size - DRAWN_MAX} more`)
    const columns = output.columns - 1 // a line as wide as the screen would wrap on some terminals
    const text = [...settled, ...live].map((line) => `${fittedStyled(line, columns)}\n`).join('')
    output.write(`${up(drawn)}${CLEAR_BELOW}${text}`)
    drawn = live.length
  }
  const timer = setInterval(() => {
    frame += 1
    if (running.size > 0) draw([])
  }, FRAME_MS)
  return {
    tell(news) {
      const settled = [...streamed(streams, news), ...lines.of(news)]
      if (news.kind === 'started') running.set(news.stepId, now())
      else if (news.kind !== 'text' && news.kind !== 'log') running.delete(news.stepId)
      if (settled.length > 0 || running.size > drawn || news.kind !== 'text') draw(settled)
    },
    end() {
      clearInterval(timer)
      running.clear()
      draw([])
    },
  }
}

function streamed(streams: StreamLines, news: News): readonly string[] {
  if (news.kind === 'text') return streams.add(news.stepId, news.text)
  return news.kind === 'started' || news.kind === 'log' ? [] : streams.end(news.stepId)
}
