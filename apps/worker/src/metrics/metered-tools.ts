import type { ToolBox } from '@agentloom/engine'
import type { Metrics } from '@agentloom/telemetry'

/** The same tools, each call counted and timed. @param now milliseconds, monotonic */
export function meteredTools(tools: ToolBox, metrics: Metrics, now: () => number): ToolBox {
  return {
    names: () => tools.names(),
    onUnknown: (name) => tools.onUnknown(name),
    verify: (name, args, context) => tools.verify(name, args, context),
    attach: (attachment, context) => tools.attach(attachment, context),
    async call(name, args, context) {
      const startedAtMs = now()
      let status = 'failure'
      try {
        const result = await tools.call(name, args, context)
        status = 'success'
        return result
      } finally {
        metrics.count('agentloom_tool_calls_total', { tool_name: name, status })
        metrics.measure('agentloom_tool_call_duration_seconds', { tool_name: name }, (now() - startedAtMs) / 1_000)
      }
    },
  }
}
