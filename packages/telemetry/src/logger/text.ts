const LEVEL_WIDTH = 5
/** A terminal obeys these; what comes from outside must not command it. Line breaks and tabs stay. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
const SHOWN_ALREADY: ReadonlySet<string> = new Set(['timestamp', 'level', 'logger', 'message', 'exception'])

/** One JSON line as people read it: `HH:MM:SS [LEVEL] logger: message  run_id=… step_id=…`, in UTC; then the stack, if any. */
export function toText(line: string): string {
  let fields: Record<string, unknown>
  try {
    const parsed: unknown = JSON.parse(line)
    if (typeof parsed !== 'object' || parsed === null) return line
    fields = { ...parsed }
  } catch {
    return line
  }
  const time = text(fields['timestamp']).slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm:ss'.length)
  const rest = Object.entries(fields)
    .filter(([name, value]) => !SHOWN_ALREADY.has(name) && value !== null)
    .map(([name, value]) => `${name}=${text(value)}`)
  const { exception } = fields
  const stack =
    typeof exception === 'object' && exception !== null && 'stack' in exception ? `\n${text(exception.stack)}` : ''
  const head = `${time} [${text(fields['level']).padEnd(LEVEL_WIDTH)}] ${text(fields['logger'])}: ${text(fields['message'])}`
  return `${[head, ...rest].join('  ')}${stack}\n`
}

function text(value: unknown): string {
  if (value === undefined) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).replace(CONTROL, '')
}
