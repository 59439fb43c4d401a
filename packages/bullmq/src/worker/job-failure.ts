/** Makes a BullMQ job fail, with a reason for people. Never retried by BullMQ: what runs again is the journal's matter. */
export class JobFailure extends Error {
  override readonly name = 'JobFailure'
  constructor(code: string | null, message: string) {
    super(code === null ? message : `${code} ${message}`)
    this.stack = '' // BullMQ stores it with the job; it names no line of the user's
  }
}
