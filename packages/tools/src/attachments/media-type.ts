import type { AttachmentSource } from '@agentloom/engine/ports'
import { Fault } from '../errors.ts'

type Type = AttachmentSource['type']

const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['png', 'image/png'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['bmp', 'image/bmp'],
  ['svg', 'image/svg+xml'],
  ['pdf', 'application/pdf'],
  ['wav', 'audio/wav'],
  ['mp3', 'audio/mpeg'],
  ['ogg', 'audio/ogg'],
  ['flac', 'audio/flac'],
  ['m4a', 'audio/mp4'],
  ['webm', 'audio/webm'],
])

const DEFAULT = { image: 'image/png', pdf: 'application/pdf', audio: 'audio/wav' } as const

/** What is said, else what the name ends in, else what is usual. */
export function mediaTypeOf(type: Type, about: { readonly given: string | null; readonly name: string }): string {
  if (about.given !== null) return about.given
  const extension = /\.([A-Za-z0-9]+)$/.exec(about.name.slice(-16))?.[1]?.toLowerCase() ?? ''
  return BY_EXTENSION.get(extension) ?? DEFAULT[type]
}

/** How files of a kind begin; Latin-1. `????` is any four bytes. */
const SIGNATURES: readonly (readonly [Type, string])[] = [
  ['image', '\x89PNG\r\n\x1a\n'],
  ['image', '\xff\xd8\xff'],
  ['image', 'GIF87a'],
  ['image', 'GIF89a'],
  ['image', 'RIFF????WEBP'],
  ['pdf', '%PDF-'],
  ['audio', 'RIFF????WAVE'],
  ['audio', 'ID3'],
  ['audio', 'OggS'],
  ['audio', 'fLaC'],
]

/** @throws {Fault} the content is surely of another type than the step says */
export function refuseOtherContent(bytes: Buffer, type: Type): void {
  const head = bytes.subarray(0, 16).toString('latin1')
  const found = SIGNATURES.find(([, signature]) =>
    [...signature].every((sign, at) => sign === '?' || sign === head[at]),
  )
  if (found === undefined || found[0] === type) return
  throw new Fault(`the content is of type '${found[0]}', the attachment says '${type}'`, {
    retryable: false,
    help: `write type: ${found[0]}`,
  })
}
