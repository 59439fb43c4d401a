import { resolve } from 'node:path'
import { AgentloomError } from '@agentloom/workflow'
import type { BlobStore } from '@agentloom/engine'

/** AGENTLOOM_BLOBS names no place for blobs. */
export class BlobPlaceError extends AgentloomError {
  override readonly name = 'BlobPlaceError'
  readonly code = 'config/blobs'
  readonly retryable = false
  override readonly place = 'AGENTLOOM_BLOBS'
  override readonly help = 'give redis, a folder as file:/path, or s3://BUCKET/PREFIX?region=REGION&endpoint=URL'
}

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where blobs lie: null is Redis itself. Keys for S3 come from the usual variables (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
 * AWS_SESSION_TOKEN, AWS_REGION). Opens nothing.
 * @throws {BlobPlaceError} `config/blobs`
 */
export async function openBlobPlace(place: string, environment: Environment): Promise<BlobStore | null> {
  if (place === '' || place === 'redis') return null
  if (place.startsWith('file:')) {
    const { FolderBlobs } = await import('./folder-blobs.ts')
    return new FolderBlobs(resolve(place.slice('file:'.length)))
  }
  if (place.startsWith('s3:')) return openS3(place, environment)
  throw new BlobPlaceError(`${JSON.stringify(place.slice(0, 80))} is no place for blobs`)
}

async function openS3(place: string, environment: Environment): Promise<BlobStore> {
  const url = URL.parse(place)
  if (url === null || url.hostname === '') throw new BlobPlaceError('the bucket is missing')
  const region = url.searchParams.get('region') ?? environment['AWS_REGION'] ?? 'us-east-1'
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new BlobPlaceError('S3 needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY')
  const { S3Blobs } = await import('./s3-blobs.ts')
  return new S3Blobs({
    endpoint: url.searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`,
    region,
    bucket: url.hostname,
    prefix: url.pathname.replace(/^\/+|\/+$/g, ''),
    accessKeyId,
    secretAccessKey,
    sessionToken,
  })
}
