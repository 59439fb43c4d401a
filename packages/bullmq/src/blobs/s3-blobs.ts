import { BlobStoreError, type Blob, type BlobStore } from '@agentloom/engine'
import { AwsClient } from 'aws4fetch'

export interface S3Options {
  /** `https://s3.eu-central-1.amazonaws.com`, or whatever speaks the protocol. */
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** Before each key; without slashes at its ends, perhaps empty. */
  readonly prefix: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

/** One request, all attempts together; the lease of a step that waits for it is prolonged meanwhile. */
const TIMEOUT_MS = 30_000
const RETRIES = 3
/** Objects asked for at once: a store answers each in some tens of milliseconds. */
const AT_ONCE = 16

/** Blobs in an S3-compatible store, one object each: `<prefix>/<owner>/<hash>`. */
export class S3Blobs implements BlobStore {
  readonly #client: AwsClient
  readonly #place: string
  readonly #bucketUrl: string
  readonly #prefix: string

  constructor({ endpoint, region, bucket, prefix, accessKeyId, secretAccessKey, sessionToken }: S3Options) {
    const credentials = { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) }
    this.#client = new AwsClient({ ...credentials, region, service: 's3', retries: RETRIES })
    this.#bucketUrl = `${endpoint.replace(/\/$/, '')}/${bucket}`
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.#place = `s3://${bucket}/${prefix}`
  }

  async put(owner: string, blobs: readonly Blob[]): Promise<void> {
    await inTurns(blobs, ({ hash, text }) =>
      this.#ask(this.#urlOf(owner, hash), {
        method: 'PUT',
        body: text,
        headers: { 'content-type': 'application/json', 'x-amz-content-sha256': hash },
      }),
    )
  }

  get(owner: string, hashes: readonly string[]): Promise<readonly (string | null)[]> {
    return inTurns(hashes, (hash) => this.#ask(this.#urlOf(owner, hash), {}))
  }

  async remove(owner: string): Promise<void> {
    const list = new URL(this.#bucketUrl)
    list.searchParams.set('list-type', '2')
    list.searchParams.set('prefix', `${this.#prefix}${owner}/`)
    for (;;) {
      const page = (await this.#ask(list.href, {})) ?? ''
      const keys = [...page.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key)
      await inTurns(keys, (key) => this.#ask(`${this.#bucketUrl}/${encodeURI(key)}`, { method: 'DELETE' }))
      if (keys.length === 0 || !page.includes('<IsTruncated>true</IsTruncated>')) return // what is left comes first again
    }
  }

  #urlOf(owner: string, hash: string): string {
    return `${this.#bucketUrl}/${encodeURI(this.#prefix)}${encodeURIComponent(owner)}/${hash}`
  }

  /** The body, or null where there is no such object. @throws {BlobStoreError} */
  async #ask(url: string, init: RequestInit): Promise<string | null> {
    try {
      const response = await this.#client.fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) })
      const text = await response.text()
      if (response.status === 404 && !text.includes('NoSuchBucket')) return null
      if (!response.ok) throw new Error(`it answers ${response.status} ${/<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? ''}`)
      return text
    } catch (error) {
      throw new BlobStoreError(this.#place, Error.isError(error) ? error.message : String(error))
    }
  }
}

async function inTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))))
  return results
}
