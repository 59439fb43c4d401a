import type { Attachment, AttachmentSource, ToolContext } from '@agentloom/engine/ports'
import { AttachmentError, Fault, Violation } from '../errors.ts'
import type { Floor } from '../floor.ts'
import { policyOf, type Guard, type Policy } from '../policy/policy.ts'
import { base64Of, dataUrlOf } from './data.ts'
import { checkPassedOn, download } from './download.ts'
import { readAttachedFile } from './file.ts'
import { mediaTypeOf, refuseOtherContent } from './media-type.ts'

const KINDS = { image: 'image', pdf: 'document', audio: 'audio' } as const

/**
 * Reads what a model is to be shown. Files are under the rules of `file_read`; addresses are under those of the sandbox whether it
 * is on or off, and never internal.
 * @throws {AttachmentError}
 */
export async function attach(
  attachment: AttachmentSource,
  context: ToolContext,
  floor: Floor | 'trusted',
): Promise<Attachment> {
  try {
    return await read(attachment, context, floor)
  } catch (error) {
    context.signal.throwIfAborted()
    if (error instanceof Violation)
      throw new AttachmentError('attachment/refused', error.message, { retryable: false, help: error.help })
    if (error instanceof Fault)
      throw new AttachmentError('attachment/failed', error.message, { retryable: error.retryable, help: error.help })
    throw error
  }
}

async function read(
  { type, source, mediaType, fetch }: AttachmentSource,
  context: ToolContext,
  floor: Floor | 'trusted',
): Promise<Attachment> {
  const kind = KINDS[type]
  if (source.trim() === '') throw new Fault('Attachment source must not be empty', { retryable: false })
  const policy = policyOf(context.sandbox, floor, context.runFolder)
  if (/^https?:\/\//i.test(source)) {
    const rules = networkPolicy(context, policy)
    if (fetch === 'provider') {
      if (type !== 'image')
        throw new Fault(`URL passthrough (fetch: provider) is only supported for images, not '${type}'`, {
          retryable: false,
        })
      const url = await checkPassedOn(source, rules)
      return { kind: 'image-url', mediaType: mediaTypeOf(type, { given: mediaType, name: source }), url }
    }
    const { bytes, contentType } = await download(source, rules, context.signal)
    refuseOtherContent(bytes, type)
    return {
      kind,
      mediaType: mediaTypeOf(type, { given: mediaType ?? contentType, name: source }),
      data: bytes.toString('base64'),
    }
  }
  const url = dataUrlOf(source)
  const data = url?.data ?? base64Of(source)
  if (data !== null) {
    refuseOtherContent(Buffer.from(data.slice(0, 64), 'base64'), type)
    return { kind, mediaType: mediaTypeOf(type, { given: mediaType ?? url?.mediaType ?? null, name: '' }), data }
  }
  const bytes = await readAttachedFile(source, context, policy)
  refuseOtherContent(bytes, type)
  return { kind, mediaType: mediaTypeOf(type, { given: mediaType, name: source }), data: bytes.toString('base64') }
}

/** The workflow's own rules hold with its sandbox off, too: a model's provider sees what is fetched. */
function networkPolicy({ sandbox }: ToolContext, policy: Policy): Policy {
  const own: Guard = {
    owner: 'workflow',
    commands: [],
    dangerOptIn: [],
    readable: [],
    writable: [],
    allowNetwork: sandbox.allowNetwork,
    schemes: ['http', 'https'],
    domains: sandbox.allowedDomains,
    allowInternal: false,
    maxWriteBytes: null,
  }
  return { ...policy, guards: [...policy.guards, own] }
}
