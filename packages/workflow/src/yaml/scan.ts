import { Composer, CST, type Document, Lexer, Parser, type ParsedNode } from 'yaml'
import type { Findings } from '../diagnostics/findings.ts'
import { shown } from '../diagnostics/shown.ts'
import { DEPTH_MAX, KEYS_MAX } from './limits.ts'

/**
 * Reads the text into the library's tree. Depth and the size of mappings are counted while scanning: the composer recurses.
 * Syntax errors are reported and thrown together.
 * @throws {WorkflowError} `yaml/syntax`, `yaml/depth`, `yaml/limit`, `yaml/directive`, `yaml/multiple-documents`
 */
export function scanYaml(text: string, findings: Findings): Document.Parsed<ParsedNode> | null {
  const composer = new Composer({
    // Scalars stay text here; the tags of YAML 1.2 are resolved by `scalar.ts`, which keeps ints and floats exact.
    schema: 'failsafe',
    version: '1.2',
    merge: false,
    resolveKnownTags: false,
    // The library compares every key with every other; `to-value.ts` uses a set.
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const documents = [...composer.compose(tokens(text, findings), false, text.length)]
  const [document] = documents
  if (document === undefined) return null
  for (const error of document.errors.slice(0, 20)) {
    const [start, end] = error.pos
    if (error.code === 'MULTIPLE_DOCS') reportSecondDocument(findings, start)
    else
      findings.error('yaml/syntax', { offset: start, length: end - start }, shown(error.message), helpFor(error.code))
  }
  findings.throwErrors()
  const [, second] = documents
  if (second !== undefined) reportSecondDocument(findings, second.range[0])
  findings.throwErrors()
  return document
}

function* tokens(text: string, findings: Findings): Generator<CST.Token, void> {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'directive') checkDirective(token, findings)
      yield token
    }
    if (parser.stack.length > DEPTH_MAX) checkDepth(parser, findings)
    checkKeys(parser, findings)
  }
  yield* parser.end()
}

function checkDepth(parser: Parser, findings: Findings): void {
  const levels = parser.stack.filter(CST.isCollection).length
  if (levels <= DEPTH_MAX) return
  findings.error('yaml/depth', { offset: parser.offset, length: 1 }, `nested more than ${DEPTH_MAX} levels deep`)
  findings.throwErrors()
}

function checkKeys(parser: Parser, findings: Findings): void {
  const top = parser.stack.at(-1)
  if (!CST.isCollection(top) || top.type === 'block-seq' || top.items.length <= KEYS_MAX) return
  if (top.type === 'flow-collection' && top.start.type !== 'flow-map-start') return
  findings.error('yaml/limit', { offset: parser.offset, length: 1 }, `a mapping of more than ${KEYS_MAX} keys`)
  findings.throwErrors()
}

function checkDirective({ source, offset }: CST.Directive, findings: Findings): void {
  if (/^%YAML[ \t]+1\.2[ \t]*$/.test(source)) return
  const message = `the directive ${shown(source)} is not supported`
  findings.error('yaml/directive', { offset, length: source.length }, message, {
    help: 'remove the line: workflows are YAML 1.2 without tags of their own',
  })
  findings.throwErrors()
}

function reportSecondDocument(findings: Findings, offset: number): void {
  findings.error('yaml/multiple-documents', { offset, length: 3 }, 'a second document begins here', {
    help: 'a file holds one workflow: put the other one into a file of its own',
  })
}

function helpFor(code: string): { help: string | null } {
  if (code === 'TAB_AS_INDENT') return { help: 'indent with spaces' }
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return { help: 'text with a colon and a blank in it needs quotes' }
  return { help: null }
}
