import { type RedisOptions, type Server, serverArguments } from './server.ts'

const IMAGE = 'redis:7.4-alpine'
const REDIS_PORT = 6379
const PID_FILE = '/tmp/redis.pid'

/**
 * Redis in a container. The server is a child of the container's first process, not that process itself: so it can be
 * killed with SIGKILL and started again while the container, its port and its files stay.
 */
export async function startContainer(options: RedisOptions): Promise<Server> {
  const { RedisContainer } = await import('@testcontainers/redis') // heavy; loaded only where Docker answers
  const args = [...serverArguments(options), '--pidfile', PID_FILE, '--dir', '/data']
  const runAndStay = 'redis-server "$@" & exec tail -f /dev/null'
  const wanted = new RedisContainer(IMAGE).withCommand(['sh', '-c', runAndStay, 'redis', ...args])
  if (options.port !== undefined) wanted.withExposedPorts({ container: REDIS_PORT, host: options.port })
  if (options.dir !== undefined) wanted.withBindMounts([{ source: options.dir, target: '/data', mode: 'rw' }])
  const container = await wanted.start()
  const shell = async (script: string, ...parameters: string[]) => {
    const { exitCode, output } = await container.exec(['sh', '-c', script, 'redis', ...parameters])
    if (exitCode !== 0) throw new Error(`in the Redis container, ${script}: ${output}`)
  }
  let isStopped = false
  return {
    host: container.getHost(),
    port: container.getPort(),
    pid: () => null,
    kill9: () => shell(`kill -9 "$(cat ${PID_FILE})"`),
    start: () => shell('redis-server "$@" --daemonize yes', ...args),
    async stop() {
      if (isStopped) return
      isStopped = true
      await container.stop()
    },
  }
}
