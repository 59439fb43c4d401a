import { createHash, createHmac } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A store that speaks as much of S3 as the adapter asks for, and refuses whatever is not signed with its secret. */
export interface S3Server extends AsyncDisposable {
  readonly endpoint: string
  readonly objects: Map<string, string>
  /** Requests that were refused. */
  readonly refused: string[]
}

const SECRET = 'a secret'
export const S3_KEYS = { accessKeyId: 'AKID', secretAccessKey: SECRET }
/** So small that lists come in pages. */
const PAGE = 2

export async function startS3(): Promise<S3Server> {
  const objects = new Map<string, string>()
  const refused: string[] = []
  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => response.writeHead(status).end(body))
  })
  async function answer(request: IncomingMessage): Promise<{ readonly status: number; readonly body: string }> {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '', `http://${request.headers.host}`)
    const isTrue = String(request.headers['x-amz-content-sha256']) !== sha256(body) && request.method === 'PUT'
    if (isTrue || signatureOf(request, url) !== /Signature=(\w+)/.exec(request.headers.authorization ?? '')?.[1]) {
      refused.push(`${request.method} ${url.pathname}`)
      return { status: 403, body: '<Error><Code>SignatureDoesNotMatch</Code></Error>' }
    }
    const key = decodeURIComponent(url.pathname.replace(/^\/bucket\/?/, ''))
    if (url.searchParams.has('list-type')) {
      const found = [...objects.keys()].filter((one) => one.startsWith(url.searchParams.get('prefix') ?? ''))
      const keys = found.slice(0, PAGE).map((one) => `<Contents><Key>${one}</Key></Contents>`)
      return { status: 200, body: `<L><IsTruncated>${found.length > PAGE}</IsTruncated>${keys.join('')}</L>` }
    }
    if (request.method === 'PUT') objects.set(key, body)
    if (request.method === 'DELETE') objects.delete(key)
    if (request.method !== 'GET') return { status: 200, body: '' }
    const text = objects.get(key)
    return text === undefined
      ? { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
      : { status: 200, body: text }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** AWS Signature Version 4, written down from its specification. */
function signatureOf({ method, headers }: IncomingMessage, url: URL): string {
  const [, date, region, signed] =
    /Credential=AKID\/(\d{8})\/([\w-]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ??
    []
  const names = (signed ?? '').split(';')
  const query = [...url.searchParams].map(([name, value]) => `${encoded(name)}=${encoded(value)}`).toSorted()
  const canonical = [
    method,
    url.pathname,
    query.join('&'),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n')
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part ?? ''),
    `AWS4${SECRET}`,
  )
  return hmac(key, text).toString('hex')
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
