import { AgentloomError } from '../errors.ts'

/** The text is no template. Found when it is read, never after a paid call. */
export class TemplateSyntaxError extends AgentloomError {
  override readonly name = 'TemplateSyntaxError'
  readonly code: 'template/syntax' | 'template/limit'
  readonly retryable = false
  /** 0-based, in UTF-16 units of the template's text. */
  readonly offset: number
  override readonly place: string
  override readonly help: string | null

  constructor(code: TemplateSyntaxError['code'], message: string, at: { offset: number; help: string | null }) {
    super(message)
    this.code = code
    this.offset = at.offset
    this.place = `character ${at.offset + 1}`
    this.help = at.help
  }
}

/** A template that could not be rendered over this state. Trying again over the same state gives the same. */
export class TemplateError extends AgentloomError {
  override readonly name = 'TemplateError'
  readonly code: 'template/render' | 'template/limit'
  readonly retryable = false
  /** 0-based, in UTF-16 units: where the placeholder begins. */
  readonly offset: number
  override readonly place: string
  override readonly help: string | null

  constructor(code: TemplateError['code'], message: string, at: { offset: number; help: string | null }) {
    super(message)
    this.code = code
    this.offset = at.offset
    this.place = `character ${at.offset + 1}`
    this.help = at.help
  }
}
