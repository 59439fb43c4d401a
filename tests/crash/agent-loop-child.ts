/**
 * A process of its own for agent-loop.sqlite.test.ts: `agent-loop-child.ts FOLDER SERVER LOG POINT (start|resume)`. POINT is a tool call in which
 * it kills itself, `before:3` or `after:3` its effect, or `none`.
 */
import { appendFileSync } from 'node:fs'
import { createEmbedded } from '@agentloom/embedded'
import { functionsOf, systemClock } from '@agentloom/engine'
import { createGateway, openAICompatible } from '@agentloom/gateway'
import { createToolBox, defineTool } from '@agentloom/tools'
import { compileYaml } from '@agentloom/workflow'
import { z } from 'zod'

const [folder = '', server = '', log = '', point = 'none', verb = 'start'] = process.argv.slice(2)

const jot = defineTool({
  name: 'jot',
  input: z.object({ turn: z.int() }),
  run({ turn }, { idempotencyKey }) {
    if (point === `before:${turn}`) process.kill(process.pid, 'SIGKILL')
    appendFileSync(log, `${turn} ${idempotencyKey}\n`)
    if (point === `after:${turn}`) process.kill(process.pid, 'SIGKILL')
    return `jotted ${turn}`
  },
})

const { plan } = compileYaml(`
name: agent
config: {model: agent-model}
steps:
  - {id: work, type: llm_call, prompt: Go, tools: [{name: jot}], max_tool_iterations: 20, output: said, retry: {max_retries: 0}}
`)

await using gateway = createGateway()
gateway.register(openAICompatible({ name: 'local', baseURL: server }))
await using embedded = await createEmbedded({
  folder,
  executors: {
    models: gateway,
    tools: createToolBox({ tools: [jot], floor: 'trusted' }),
    functions: functionsOf([]),
    clock: systemClock,
    random: Math.random,
    runFolder: () => folder,
  },
})
const run = verb === 'resume' ? await embedded.resume('agent') : await embedded.start(plan, { runId: 'agent' })
let ended = await run.result()
// Every third process that dies with the step sets it aside, until somebody resumes the run.
if (ended.status === 'parked') ended = await (await embedded.resume('agent')).result()
const { status, error } = ended
if (status !== 'success') throw new Error(`${status} ${JSON.stringify(error)}`)
