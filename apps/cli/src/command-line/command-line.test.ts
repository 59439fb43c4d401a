import { expect, test } from 'vitest'
import { withJsonAs } from './json-flag.ts'
import { nearest } from './nearest.ts'
import { plainDecimal } from './numbers.ts'
import { placeOptionsOf } from './place-option.ts'

test.each([
  ['0', 0],
  ['0.25', 0.25],
  ['12.5', 12.5],
])('%s is a plain decimal', (text, number) => {
  expect(plainDecimal(text, '--budget')).toBe(number)
})

test.each(['abc', 'NaN', '1e999', '1e3', '0x10', '', ' 5 ', '1,5', '.5', '5.', '+1', '١', 'Infinity', '9'.repeat(16)])(
  '%j is none',
  (text) => {
    expect(() => plainDecimal(text, '--budget')).toThrow('is not a plain decimal')
  },
)

test('a negative number is told what it must be', () => {
  expect(() => plainDecimal('-1', '--budget')).toThrow("Invalid value for '--budget': '-1' must be 0 or more.")
})

test.each([
  ['--budge', ['--budget', '--json'], '--budget'],
  ['--Json', ['--budget', '--json'], '--json'],
  ['--no-json', ['--budget', '--json'], '--json'],
  ['valdiate', ['run', 'validate'], 'validate'],
  ['--xyzzy', ['--budget', '--json'], null],
  ['--mock', ['--mock-responses', '--model'], '--mock-responses'],
])('for %s among %j: %j', (name, known, meant) => {
  expect(nearest(name, known)).toBe(meant)
})

test('--json=shape is told apart from --json and its neighbour', () => {
  expect(withJsonAs(['run', '--json', 'flow.yaml', '--json=agentloom', '--', '--json=x'])).toEqual([
    'run',
    '--json',
    'flow.yaml',
    '--json-as=agentloom',
    '--',
    '--json=x',
  ])
})

test('a URL with a password is not repeated in proposed commands', () => {
  expect(placeOptionsOf('redis://localhost:6379')).toBe(' --redis redis://localhost:6379')
  expect(placeOptionsOf('redis://:secret@localhost')).toBe(' --redis URL')
  expect(placeOptionsOf(undefined)).toBe('')
})
