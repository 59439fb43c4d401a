/** UTF-8 bytes of a well-formed text as JSON.stringify writes it, quotes included. */
export function jsonTextBytes(text: string): number {
  let bytes = text.length + 2
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x20) bytes += SHORT_ESCAPES.has(unit) ? 1 : 5
    else if (unit === 0x22 || unit === 0x5c) bytes += 1
    else if (unit >= 0x80) bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return bytes
}

/** Backspace, tab, line feed, form feed and return have escapes of two characters, the other controls of six. */
const SHORT_ESCAPES: ReadonlySet<number> = new Set([0x08, 0x09, 0x0a, 0x0c, 0x0d])
