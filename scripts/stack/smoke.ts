import { until } from './child.ts'

const RUN_MAX_MS = 20_000

/** One run over HTTP, and Bull Board. @throws {Error} what is not as it should be */
export async function smoke(url: string, say: (line: string) => void): Promise<void> {
  const start = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"workflow":"greeting","id":"smoke","input":{"who":"stack"}}',
  }
  const started = await fetch(`${url}/runs`, start)
  if (started.status !== 201) throw new Error(`POST /runs answered ${started.status}: ${await started.text()}`)
  say('a run is started')

  let text = ''
  const isOver = async (): Promise<boolean> => {
    text = await (await fetch(`${url}/runs/smoke`)).text()
    return !/"status":"(queued|running)","steps"/.test(text)
  }
  await until('the run', RUN_MAX_MS, isOver, new Promise(() => undefined))
  for (const part of ['"status":"success","steps"', '"loud":"HELLO, STACK!"', '"keep":{"status":"success"'])
    if (!text.includes(part)) throw new Error(`the run should have ${part}: ${text}`)
  say('it succeeded, with its state')

  const page = await (await fetch(`${url}/queues`)).text()
  if (!page.includes('<title>agentloom</title>')) throw new Error(`no Bull Board at /queues: ${page.slice(0, 200)}`)
  const queues = await (await fetch(`${url}/queues/api/queues?activeQueue=agentloom-steps&status=completed`)).text()
  for (const part of ['"name":"agentloom-steps"', '"name":"agentloom-runs"', '"name":"greeting · greet"'])
    if (!queues.includes(part)) throw new Error(`Bull Board should list ${part}: ${queues.slice(0, 2_000)}`)
  say('Bull Board lists the queues and the job')
}
