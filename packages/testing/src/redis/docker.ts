import { request, type RequestOptions } from 'node:http'
import { homedir } from 'node:os'

/** An engine on this machine answers in a few milliseconds. */
const PING_MAX_MS = 500

/** Whether a Docker engine answers: at DOCKER_HOST, or at one of the sockets where engines listen. */
export async function dockerAnswers(): Promise<boolean> {
  for (const address of engineAddresses()) if (await ping(address)) return true
  return false
}

function engineAddresses(): RequestOptions[] {
  const host = process.env['DOCKER_HOST']
  if (host !== undefined && host !== '') {
    if (host.startsWith('unix://')) return [{ socketPath: host.slice('unix://'.length) }]
    if (!URL.canParse(host)) return []
    const { hostname, port } = new URL(host)
    return [{ hostname, port: port === '' ? 2375 : Number(port) }]
  }
  const runtimeDir = process.env['XDG_RUNTIME_DIR']
  const sockets = ['/var/run/docker.sock', `${homedir()}/.docker/run/docker.sock`]
  if (runtimeDir !== undefined) sockets.push(`${runtimeDir}/docker.sock`)
  return sockets.map((socketPath) => ({ socketPath }))
}

function ping(address: RequestOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ ...address, path: '/_ping', timeout: PING_MAX_MS }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', () => resolve(false))
    asked.on('close', () => resolve(false))
    asked.end()
  })
}
