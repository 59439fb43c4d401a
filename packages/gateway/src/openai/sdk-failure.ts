import { failureInBody } from '../failure/classify.ts'
import { ProviderError, type Fail } from '../failure/errors.ts'
import { own } from '../record.ts'

/**
 * The typed failure behind what the SDK throws. Its own errors hold the whole prompt and the request's body, so they go no further.
 */
export function failureBehind(thrown: unknown, fail: Fail): ProviderError {
  // The chain of causes is short; the bound is for one that bites its tail.
  for (let error = thrown, depth = 0; error instanceof Error && depth < 8; error = error.cause, depth++)
    if (error instanceof ProviderError) return error
  const name = thrown instanceof Error ? thrown.name : ''
  const body = own(thrown, 'responseBody')
  if (name === 'AI_InvalidResponseDataError') return fail({ kind: 'empty', reason: 'an answer without a choice' })
  if (name === 'AI_EmptyResponseBodyError') return fail({ kind: 'not-json', reason: 'an empty reply' })
  if (name === 'AI_UnsupportedFunctionalityError')
    return fail({ kind: 'unsupported', reason: thrown instanceof Error ? thrown.message : name })
  if (name === 'AI_APICallError' && typeof body === 'string') {
    const parsed = jsonOf(body)
    if (parsed === undefined) return fail({ kind: 'not-json', reason: `not JSON: ${shown(body)}` })
    return fail(
      failureInBody(parsed) ?? { kind: 'broken-reply', reason: 'the reply has not the shape of a chat completion' },
    )
  }
  return fail({ kind: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function shown(body: string): string {
  const text = body.trim()
  if (text === '') return 'an empty reply'
  return text.startsWith('<') ? 'an HTML page' : text
}
