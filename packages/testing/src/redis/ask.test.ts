import { expect, test } from 'vitest'
import { parseReplies } from './ask.ts'

test('replies of every kind are read, and wait for their last byte', () => {
  const bytes = Buffer.from('+OK\r\n*3\r\n:7\r\n$-1\r\n*2\r\n$2\r\nä\r\n$0\r\n\r\n')
  expect(parseReplies(bytes, 2)).toEqual(['OK', [7, null, ['ä', '']]])
  for (let cut = 0; cut < bytes.length; cut++) expect(parseReplies(bytes.subarray(0, cut), 2)).toBeNull()
})

test('an error reply is an error', () => {
  expect(() => parseReplies(Buffer.from('-LOADING Redis is loading\r\n'), 1)).toThrow('LOADING Redis is loading')
})

test('what is no Redis at all is told apart', () => {
  expect(() => parseReplies(Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 1)).toThrow(
    'not a reply of Redis: "HTTP/1.1 400 Bad Req"',
  )
})
