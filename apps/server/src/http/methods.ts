import type { IncomingMessage } from 'node:http'
import type { FastifyInstance } from 'fastify'
import { HttpError } from './errors.ts'

interface Route {
  readonly path: RegExp
  readonly methods: readonly string[]
}

/** Tells a page that does not take this method from one that is not there. @throws {HttpError} 405 `http/method` with Allow */
export function methodGuard(app: FastifyInstance): (request: IncomingMessage) => void {
  const routes: Route[] = []
  app.addHook('onRoute', ({ url, method }) => {
    const path = new RegExp(
      `^${url
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replace(/:\w+/g, '[^/]+')}$`,
    )
    routes.push({ path, methods: [method].flat() })
  })
  return ({ method, url = '' }) => {
    const path = url.replace(/\?.*$/s, '')
    const allowed = new Set(routes.filter((route) => route.path.test(path)).flatMap(({ methods }) => methods))
    if (allowed.size === 0) return
    const allow = [...allowed].toSorted().join(', ')
    throw new HttpError(405, 'http/method', `${method ?? ''} is not for this page`, {
      help: `use ${allow}`,
      headers: { allow },
    })
  }
}
