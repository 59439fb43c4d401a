import pc from 'picocolors'
import type { Paint } from '@agentloom/workflow'
import type { Output } from '../io/output.ts'

export type Style = Pick<ReturnType<typeof pc.createColors>, 'bold' | 'cyan' | 'dim' | 'green' | 'red' | 'yellow'>

export function styleOf(output: Output): Style {
  return pc.createColors(output.hasColors)
}

/** Colours for the diagnostics of workflows. */
export function paintOf(output: Output): Paint {
  const style = styleOf(output)
  return (text, kind) => {
    switch (kind) {
      case 'error':
      case 'caret':
        return style.red(text)
      case 'warning':
        return style.yellow(text)
      case 'code':
        return style.bold(text)
      case 'faint':
        return style.dim(text)
      default:
        return kind satisfies never
    }
  }
}
