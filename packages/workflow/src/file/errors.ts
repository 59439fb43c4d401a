import { AgentloomError } from '../errors.ts'

/** A file that cannot be read, or must not be. Never shows its content. */
export class FileError extends AgentloomError {
  override readonly name = 'FileError'
  readonly code:
    | 'file/too-large'
    | 'file/not-regular'
    | 'file/unreadable'
    | 'file/changed'
    | 'file/encoding'
    | 'file/outside-root'
  readonly retryable: boolean
  /** The path as it was given. */
  override readonly place: string
  override readonly help: string | null

  constructor(code: FileError['code'], message: string, at: { path: string; help?: string }) {
    super(message)
    this.code = code
    this.retryable = code === 'file/changed'
    this.place = at.path
    this.help = at.help ?? null
  }
}
