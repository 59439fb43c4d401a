import type { Finding } from '@agentloom/bullmq/client'
import manifest from '../../package.json' with { type: 'json' }
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import type { Ending } from '../run/ending.ts'
import { placeOf } from '../run/place.ts'
import { countText } from '../terminal/figures.ts'
import { printable } from '../terminal/printable.ts'

export interface DoctorOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

const MARKS = { ok: '✓', warning: '!', problem: '✗' } as const

export async function doctor(options: DoctorOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  const findings = place.kind === 'redis' ? await ofRedis(place) : await ofFolder(place.home)
  const problems = findings.filter(({ level }) => level === 'problem').length
  const warnings = findings.filter(({ level }) => level === 'warning').length
  if (options.json === true) io.stdout.write(jsonText(findings))
  else {
    for (const { level, message, remedy } of findings) {
      io.stdout.line(`${MARKS[level]} ${printable(message, MESSAGE_CHARACTERS)}`)
      if (remedy !== null) io.stdout.line(`    ${remedy}`)
    }
    io.stdout.line(`${countText(problems, 'problem')}, ${countText(warnings, 'warning')}`)
  }
  return { code: problems > 0 ? 1 : 0 }
}

const MESSAGE_CHARACTERS = 500

async function ofRedis({
  url,
  prefix,
}: {
  readonly url: string
  readonly prefix: string
}): Promise<readonly Finding[]> {
  const { examineRedis } = await import('@agentloom/bullmq/client')
  return examineRedis({ redis: url, prefix, version: manifest.version })
}

async function ofFolder(home: string): Promise<readonly Finding[]> {
  const { examineFolder } = await import('./folder.ts')
  return examineFolder(home)
}
