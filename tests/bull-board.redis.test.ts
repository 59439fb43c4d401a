// Bull Board in a browser, as a person sees it. Needs Debian's chromium (apt-get install chromium); without it, skipped and said.

import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@agentloom/bullmq/client'
import { startServer } from '@agentloom/server'
import { createLogger } from '@agentloom/telemetry'
import { redisUrl, removeKeys, testPrefix } from '@agentloom/testing'
import { startWorker } from '@agentloom/worker'
import { compileYaml, defineFunction } from '@agentloom/workflow'
import { chromium } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
  existsSync(path),
)
const KEY = 'a-key-of-24-characters!!'
const logger = createLogger({ name: 'test', level: 'critical' })

if (CHROMIUM === undefined) console.warn('Bull Board is not looked at in a browser: no chromium is installed')

test.skipIf(CHROMIUM === undefined)(
  'a browser with the key sees the queues, and a failed step with its error',
  async () => {
    const prefix = testPrefix()
    const home = mkdtempSync(join(tmpdir(), 'agentloom-board-'))
    await using cleanup = new AsyncDisposableStack()
    onTestFinished(() => rmSync(home, { recursive: true }))
    cleanup.defer(() => removeKeys(prefix))

    const broken = defineFunction({
      name: 'broken',
      input: z.object({}),
      run(): string {
        throw new Error('it broke')
      },
    })
    cleanup.use(
      await startWorker({ redis: redisUrl(), prefix, functions: [broken], environment: {}, home, logger, name: 'w1' }),
    )
    const server = cleanup.use(await startServer({ redis: redisUrl(), prefix, port: 0, apiKey: KEY, logger }))
    const client = cleanup.use(await createClient({ redis: redisUrl(), prefix }))
    const { plan } = compileYaml(
      'name: ticket-triage\nsteps:\n  - {id: file_bug, type: function, handler: broken, retry: {max_retries: 0}}\n',
    )
    await client.start(plan, { runId: 'run-1' })
    expect((await client.waitForEnd('run-1')).status).toBe('failed')

    const browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] })
    cleanup.defer(() => browser.close())
    const context = await browser.newContext({ httpCredentials: { username: 'me', password: KEY } })
    const page = await context.newPage()
    const outside: string[] = []
    page.on('response', (response) => {
      if (!response.url().startsWith(server.url)) outside.push(response.url())
    })
    await page.goto(`${server.url}/queues/queue/agentloom-steps?status=failed`, { waitUntil: 'domcontentloaded' })
    await page.getByText('ticket-triage · file_bug').waitFor()
    await page.getByText(/^step\/threw .*it broke/).waitFor()
    await page.getByRole('link', { name: 'agentloom-runs' }).waitFor()
    if (process.env['AGENTLOOM_SCREENSHOT'] !== undefined)
      await page.screenshot({ path: process.env['AGENTLOOM_SCREENSHOT'] })
    expect(outside).toEqual([])
  },
  60_000,
)
