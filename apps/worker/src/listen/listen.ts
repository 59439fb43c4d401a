import type { Server } from 'node:http'
import { AgentloomError } from '@agentloom/workflow'

export interface Address {
  readonly host: string
  readonly port: number
}

/** The address cannot be listened on. */
export class ListenError extends AgentloomError {
  override readonly name = 'ListenError'
  readonly code: 'server/port-in-use' | 'server/address'
  readonly retryable = false
  override readonly place: string
  override readonly help: string
  constructor({ host, port }: Address, cause: unknown) {
    const reason = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : String(cause)
    const isInUse = reason === 'EADDRINUSE'
    super(isInUse ? `port ${port} of ${host} is in use` : `cannot listen on ${host} port ${port} (${reason})`, {
      cause,
    })
    this.code = isInUse ? 'server/port-in-use' : 'server/address'
    this.place = `${host}:${port}`
    this.help = isInUse
      ? 'choose another port, or stop the program that has it'
      : 'choose an address of this machine and a port that this user may open'
  }
}

/** Listens, and answers where: port 0 becomes the one that was picked. @throws {ListenError} `server/port-in-use`, `server/address` */
export function listenOn(server: Server, address: Address): Promise<Address> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(new ListenError(address, error))
    server.once('error', fail)
    server.listen(address.port, address.host, () => {
      server.off('error', fail)
      const bound = server.address()
      resolve({ host: address.host, port: bound !== null && typeof bound !== 'string' ? bound.port : address.port })
    })
  })
}
