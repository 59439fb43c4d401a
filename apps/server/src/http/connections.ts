import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Open connections; above it the one that has been idle for longest makes room, so that health probes always get through. */
export const CONNECTIONS_MAX = 1_000

/** Keeps the number of connections within bounds without refusing new ones. */
export function limitConnections(server: Server, max: number = CONNECTIONS_MAX): void {
  /** Without a request in hand, the one that has been so for longest first. */
  const idle = new Set<Socket>()
  let openCount = 0
  server.on('connection', (socket: Socket) => {
    openCount++
    idle.add(socket)
    socket.once('close', () => {
      openCount--
      idle.delete(socket)
    })
    const oldest = idle.values().next().value
    if (openCount > max && oldest !== undefined) {
      idle.delete(oldest)
      oldest.destroy()
    }
  })
  server.on('request', ({ socket }, response) => {
    idle.delete(socket)
    response.once('close', () => {
      if (!socket.destroyed) idle.add(socket)
    })
  })
}
