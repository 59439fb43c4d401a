import { AgentloomError } from '@agentloom/workflow'

/** The journal refers to a value that its blob store does not have. */
export class BlobMissingError extends AgentloomError {
  override readonly name = 'BlobMissingError'
  readonly code = 'journal/blob-missing'
  readonly retryable = true
  override readonly place: string
  override readonly help =
    'give every worker and client the same AGENTLOOM_BLOBS; bring the blob back, or import the run from its checkpoint'
  readonly hash: string
  constructor(runId: string, hash: string) {
    super(`a value of run ${runId} is not in the blob store: sha256-${hash}`)
    this.place = `run ${runId}`
    this.hash = hash
  }
}

/** The blob store does not answer as it should. */
export class BlobStoreError extends AgentloomError {
  override readonly name = 'BlobStoreError'
  readonly code = 'store/blobs'
  readonly retryable = true
  override readonly place: string
  override readonly help = 'see whether it can be reached and written; what waits for it is tried again'
  constructor(place: string, what: string) {
    super(`the blob store ${place}: ${what}`)
    this.place = place
  }
}
