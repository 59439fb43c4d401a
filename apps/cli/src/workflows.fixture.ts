// Workflows that several tests run.

export const ECHO = `
name: echo
state: {topic: tea}
steps:
  - {id: first, type: tool, tool_name: shell_command, tool_args: {command: "echo {state.topic}"}, output: said}
  - {id: second, type: tool, depends_on: [first], tool_name: shell_command, tool_args: {command: "echo {state.said.stdout}"}}
`

export const ASK = `
name: ask
config: {model: gpt-5-mini}
steps:
  - {id: ask, type: llm_call, prompt: "what about tea?", output: answer}
`

/** The second step lasts for as long as nobody stops it. */
export const ENDLESS = `
name: endless
steps:
  - {id: first, type: tool, tool_name: shell_command, tool_args: {command: "echo one"}, output: first}
  - {id: second, type: tool, depends_on: [first], tool_name: shell_command, tool_args: {command: "test -e go || sleep 60"}}
  - {id: third, type: tool, depends_on: [second], tool_name: shell_command, tool_args: {command: "echo three"}}
`

export const DOUBLE = `
name: double
state: {n: 1}
steps:
  - {id: twice, type: function, handler: double, input: {n: state.n}, output: n2}
`

/** Without imports, as if made by another copy of the library. */
export const DOUBLE_MODULE = `
export const double = {
  kind: 'agentloom.function', name: 'double', version: null, output: null,
  input: { safeParse: (data) => ({ success: true, data }) },
  run: ({ n }) => n * 2,
}
`

export const ANSWERS = JSON.stringify({
  ask: {
    content: 'Tea is fine.',
    model: 'gpt-5-mini',
    usage: { prompt_tokens: 10, completion_tokens: 5 },
    cost_usd: 0.02,
  },
})
