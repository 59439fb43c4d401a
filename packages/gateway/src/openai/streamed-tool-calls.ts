import { own } from '../record.ts'
import type { WireToolCall } from './tool-calls.ts'

/** Puts tool calls together from the pieces of a stream. Calls keep the order in which they began. */
export interface ToolCallPieces {
  add(piece: unknown): void
  readonly calls: readonly WireToolCall[]
}

export function toolCallPieces(): ToolCallPieces {
  const calls: { id: string; name: string; arguments: string }[] = []
  // By the vendor's index, which may be anything; a Map makes no array of that length.
  const byIndex = new Map<number, (typeof calls)[number]>()

  return {
    calls,
    add(piece) {
      const index = own(piece, 'index')
      const id = text(own(piece, 'id'))
      const name = text(own(own(piece, 'function'), 'name'))
      // Some vendors send no index; a piece without a name then belongs to the call before it.
      let call = typeof index === 'number' ? byIndex.get(index) : name === '' ? calls.at(-1) : undefined
      // Some send every call with index 0: another id with a name is another call.
      const isAnother = call !== undefined && name !== '' && id !== '' && call.id !== '' && id !== call.id
      if (call === undefined || isAnother) {
        call = { id, name: '', arguments: '' }
        calls.push(call)
        if (typeof index === 'number') byIndex.set(index, call)
      }
      if (call.id === '') call.id = id
      // Repeated with every piece by some, sent once by most.
      if (call.name === '') call.name = name
      call.arguments += text(own(own(piece, 'function'), 'arguments'))
    },
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
