// main.ts: runs it in this process; ../../node_modules/.bin/node --conditions=agentloom-source main.ts
import { createEmbedded } from '@agentloom/embedded'
import { functionsOf, systemClock as clock } from '@agentloom/engine'
import { createGateway } from '@agentloom/gateway'
import { createToolBox } from '@agentloom/tools'
import { triage } from './triage.ts'

const models = createGateway()
models.register({ name: 'parrot', call: async () => ({ text: 'bug' }) }, { isFallback: true }) // a provider of your own
const parts = { models, tools: createToolBox({ floor: 'trusted' }), functions: functionsOf(triage.functions) }
const executors = { ...parts, clock, random: Math.random, runFolder: () => process.cwd() }
await using loom = await createEmbedded({ folder: '.agentloom', executors })
const run = await loom.start(triage.plan, { runId: 'ticket-1', input: { ticket: 'The login page is blank' } })
console.log((await run.result()).state['issue']) // bug: The login page is blank (ticket-1:file:1)
