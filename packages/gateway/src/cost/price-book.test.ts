import { expect, test } from 'vitest'
import type { ProviderUsage } from '../provider.ts'
import { createPriceBook } from './price-book.ts'
import { listPrices } from './prices.ts'

function usage(promptTokens: number, completionTokens: number, more: Partial<ProviderUsage> = {}): ProviderUsage {
  return { promptTokens, completionTokens, reasoningTokens: 0, totalTokens: promptTokens + completionTokens, ...more }
}

test.each([
  ['gpt-4o', 12_500_000],
  ['gpt-4o-mini', 750_000],
  ['gpt-4o-mini-2024-07-18', 750_000],
  ['gpt-5-mini', 2_250_000],
  ['gpt-5-mini-2025-08-07', 2_250_000],
  ['o1-preview', 75_000_000],
  ['gpt-4', null],
  ['gpt-5.9', null],
  ['gpt-5xyz', null],
  ['claude-opus-4', null],
  ['phi4:latest', null],
  ['GPT-4o', null],
])('1,000 + 1,000 tokens of %s', (model, nano) => {
  expect(createPriceBook().costNanoUsd(model, usage(1_000, 1_000))).toBe(nano)
})

test('reasoning costs as output does, cached input less', () => {
  const book = createPriceBook()
  expect(book.costNanoUsd('gpt-5-mini', usage(1_000, 100, { reasoningTokens: 400, cachedPromptTokens: 600 }))).toBe(
    400 * 250 + 600 * 25 + 500 * 2_000,
  )
})

test('sums are exact where floats are not, and round once', () => {
  const book = createPriceBook({ tiny: { input: 0.0000001, output: 0.0000003 } })
  expect(book.costNanoUsd('tiny', usage(1, 1))).toBe(0)
  expect(book.costNanoUsd('tiny', usage(1_000, 1_000))).toBe(400)
  expect(book.costNanoUsd('gpt-4o', usage(1_000_000_000, 0))).toBe(2_500_000_000_000)
})

test('the user’s prices are laid over the table', () => {
  const book = createPriceBook({ 'gpt-4o': { input: 1, output: 2 }, mine: { input: 0, output: 0 } })
  expect(book.costNanoUsd('gpt-4o', usage(1_000, 1_000))).toBe(3_000_000_000)
  expect(book.costNanoUsd('mine', usage(5, 5))).toBe(0)
  expect(book.costNanoUsd('gpt-5-mini', usage(1_000, 1_000))).toBe(2_250_000)
})

test.each([
  [[], /prices/],
  [{ m: { input: 1 } }, /prices\.m\.output/],
  [{ m: { input: -1, output: 1 } }, /prices\.m\.input/],
  [{ m: { input: Number.NaN, output: 1 } }, /prices\.m\.input/],
  [{ m: 'cheap' }, /prices\.m/],
])('a table %j is refused with its place', (content, place) => {
  expect(() => createPriceBook(content)).toThrow(place)
})

test('every row has a source, a date and its own model', () => {
  expect(listPrices.every(({ source, date }) => source !== '' && /^\d{4}-\d{2}-\d{2}$/.test(date))).toBe(true)
  expect(new Set(listPrices.map(({ model }) => model)).size).toBe(listPrices.length)
})
