import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'
import { failureOf } from '../store/failure.ts'
import type { OpenSpool, SpoolAnswer, SpoolCall, SpoolReplies, SpoolRequest } from './messages.ts'
import { SpoolFile } from './spool-file.ts'
import { SPOOL } from './tables.ts'

/**
 * The thread that owns a worker's spool. What came while the last sync ran makes one transaction, so that there is no collecting
 * window and a lone entry waits for nobody. It imports node: modules and its neighbours only: it is loaded from sources and
 * from dist alike, without conditions.
 */
type Put = Extract<SpoolCall, { name: 'put' }>

function serve(port: MessagePort, request: OpenSpool): void {
  const tell = (answer: SpoolAnswer): void => port.postMessage(answer)
  let file: SpoolFile
  try {
    file = SpoolFile.open(request)
  } catch (error) {
    tell({ id: 'refused', failure: failureOf(error, SPOOL) })
    port.close()
    return
  }
  const put = (group: readonly { readonly id: number; readonly call: Put }[]): void => {
    if (group.length === 0) return
    try {
      file.put(group.flatMap(({ call }) => call.entries))
      for (const { id } of group) tell({ id, reply: null })
    } catch (error) {
      for (const { id } of group) tell({ id, failure: failureOf(error, SPOOL) })
    }
  }
  port.on('message', (first: SpoolRequest) => {
    const group: { readonly id: number; readonly call: Put }[] = []
    for (let next: SpoolRequest | undefined = first; next !== undefined; next = received(port)) {
      const { id, call } = next
      if (call.name === 'put') {
        group.push({ id, call })
        continue
      }
      put(group.splice(0))
      try {
        tell({ id, reply: answer(file, call) })
      } catch (error) {
        tell({ id, failure: failureOf(error, SPOOL) })
      }
      if (call.name === 'close') {
        port.close()
        return
      }
    }
    put(group)
  })
  tell({ id: 'opened' })
}

function answer(file: SpoolFile, call: Exclude<SpoolCall, Put>): SpoolReplies[SpoolCall['name']] {
  switch (call.name) {
    case 'runs':
      return file.runs()
    case 'read':
      return file.read(call.run)
    case 'mark':
      file.mark(call.runs, call.leavingAtMs)
      return null
    case 'drop':
      file.drop(call.runs)
      return null
    case 'close':
      file.close()
      return null
    default:
      return call satisfies never
  }
}

function received(port: MessagePort): SpoolRequest | undefined {
  const found: { readonly message: SpoolRequest } | undefined = receiveMessageOnPort(port)
  return found?.message
}

if (parentPort !== null) serve(parentPort, workerData as OpenSpool) // written by worker-spool.ts
