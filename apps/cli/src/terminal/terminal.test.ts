import { compileYaml } from '@agentloom/workflow'
import { expect, test, vi } from 'vitest'
import { Screen } from '../io/fake-io.fixture.ts'
import type { Environment } from '../io/environment.ts'
import { Output } from '../io/output.ts'
import { ECHO } from '../workflows.fixture.ts'
import { costText, countText, durationText } from './figures.ts'
import { fittedStyled } from './fitted.ts'
import { fitted, printable, printableJson } from './printable.ts'
import { runView } from './run-view.ts'

const USAGE = { durationMs: 12, tokens: 0, costNanoUsd: 0, model: null, provider: null }
const { plan } = compileYaml(ECHO)

test.each([
  [0, '0 ms'],
  [999.4, '999 ms'],
  [999.6, '1.0 s'],
  [59_940, '59.9 s'],
  [125_000, '2 min 5 s'],
  [3 * 3_600_000 + 60_000, '3 h 1 min'],
])('%d ms read as %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('counts are grouped, costs have four decimals, and little is not nothing', () => {
  expect(countText(1_234_567, 'token')).toBe('1,234,567 tokens')
  expect(countText(1, 'token')).toBe('1 token')
  expect(costText(1_900_000)).toBe('$0.0019')
  expect(costText(10)).toBe('<$0.0001')
  expect(costText(0)).toBe('$0.0000')
})

test('control characters and turned text are shown, not obeyed', () => {
  expect(printable('\x1b]0;x\x07\r\u202eabc\n')).toBe(String.raw`\u{1b}]0;x\u{7}\r\u{202e}abc\n`)
  expect(JSON.parse(printableJson(JSON.stringify('\u009b\u202e\u007f')))).toBe('\u009b\u202e\u007f')
  expect(printableJson(JSON.stringify('\u009b\u202e\u007f'))).toBe(String.raw`"\u009b\u202e\u007f"`)
})

test('lines are cut to the screen, wide characters counted twice', () => {
  expect(fitted('日本語テキスト', 7)).toBe('日本語…')
  expect(fittedStyled('\x1b[32m✓\x1b[39m abcdef', 5)).toBe('\x1b[32m✓\x1b[39m ab…\x1b[0m')
  expect(fittedStyled('short', 80)).toBe('short')
})

test('on a terminal the running step is drawn over until it is settled', () => {
  vi.useFakeTimers()
  const screen = new Screen({ isTTY: true })
  let nowMs = 0
  const view = runView(plan, new Output(screen, {}), () => nowMs)
  view.tell({ kind: 'started', stepId: 'first', attempt: 1 })
  nowMs = 1_200
  vi.advanceTimersByTime(200)
  expect(screen.shown).toContain('first      1.2 s')
  view.tell({ kind: 'committed', stepId: 'first', output: '{"returncode": 0, "stdout": "tea\\n"}', usage: USAGE })
  view.tell({ kind: 'skipped', stepId: 'second', reason: null })
  view.end()
  expect(screen.shown).toBe(' ✓ first      12 ms   tea\n - second             skipped\n')
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

test('in a pipe there are plain lines, without colours and cursor moves', () => {
  const screen = new Screen()
  const view = runView(plan, new Output(screen, {}), () => 0)
  view.tell({ kind: 'started', stepId: 'first', attempt: 1 })
  view.tell({
    kind: 'committed',
    stepId: 'first',
    output: '{"returncode": 2, "stderr": "no such \\u001b[31mtea"}',
    usage: USAGE,
  })
  view.end()
  expect(screen.text).toBe(' ✓ first      12 ms   exit code 2: no such \\u{1b}[31mtea\n')
})

test('streams of two steps come in whole lines, each with its name', () => {
  const screen = new Screen()
  const view = runView(plan, new Output(screen, {}), () => 0)
  view.tell({ kind: 'text', stepId: 'first', text: 'one\ntw' })
  view.tell({ kind: 'text', stepId: 'second', text: 'other' })
  view.tell({ kind: 'text', stepId: 'first', text: 'o' })
  view.tell({ kind: 'committed', stepId: 'first', output: '""', usage: USAGE })
  expect(screen.text.split('\n').slice(0, 2)).toEqual(['   first │ one', '   first │ two'])
  expect(screen.text).not.toContain('other')
})

test.each([
  [{}, false, false],
  [{ isTTY: true }, true, true],
  [{ isTTY: true, TERM: 'dumb' }, false, false],
  [{ isTTY: true, NO_COLOR: '1' }, true, false],
  [{ isTTY: true, NO_COLOR: '' }, true, true],
  [{ FORCE_COLOR: '1' }, false, true],
  [{ isTTY: true, FORCE_COLOR: '0' }, true, false],
  [{ isTTY: true, NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
])('%j: lines may be drawn over: %s, colours: %s', (given, isTerminal, hasColors) => {
  const { isTTY = false, ...env }: { isTTY?: boolean; [name: string]: string | boolean } = given
  const output = new Output(new Screen({ isTTY }), env as Environment)
  expect([output.isTerminal, output.hasColors]).toEqual([isTerminal, hasColors])
})

test.each([
  ['0', 80],
  ['-5', 80],
  ['120', 120],
  ['99999', 80],
  ['x', 80],
])('COLUMNS=%s is a width of %d', (COLUMNS, columns) => {
  expect(new Output(new Screen(), { COLUMNS }).columns).toBe(columns)
})
