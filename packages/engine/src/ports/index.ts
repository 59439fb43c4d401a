export type {
  Attachment,
  CallContext,
  ModelMessage,
  ModelReply,
  ModelRequest,
  Models,
  TokenUsage,
  ToolCall,
} from './models.ts'
export type { AttachmentSource, ToolBox, ToolContext } from './toolbox.ts'
export type { Clock, Random } from './clock.ts'
export type { Bell, Doorbell, EngineEvent, Observer, Plans } from './runtime.ts'
export type * from './journal.ts'
export type * from './takeover.ts'
export type * from './whole-runs.ts'
export type * from './spool.ts'
export type { WebhookRequest, Webhooks } from './webhooks.ts'
export type { Blob, BlobStore } from './blobs.ts'
