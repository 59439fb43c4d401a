import { arch, platform, version as nodeVersion, versions } from 'node:process'
import manifest from '../../package.json' with { type: 'json' }
import { surroundingsOf } from '../command-line/surroundings.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import type { Ending } from '../run/ending.ts'
import { existsHome } from '../run/home.ts'
import { placeOf, type Place } from '../run/place.ts'
import { SECRET_SETTINGS, settingsTable, type SettingName, type Settings } from '../settings.ts'
import { infoOf } from '../terminal/problem.ts'
import { printable } from '../terminal/printable.ts'

export interface InfoOptions {
  readonly json?: true
  readonly redis?: string
  readonly envFile?: string
}

interface Info {
  readonly agentloom: string
  readonly node: string
  readonly platform: string
  readonly sqlite: string
  readonly providers: { readonly [name: string]: string }
  readonly home: { readonly folder: string; readonly has_runs: boolean } | null
  readonly redis: string
  /** Those that were set; of secrets only that they are. */
  readonly settings: { readonly [name: string]: string }
}

/** What `info` does. Never shows a part of a key or of a URL's password. */
export async function showInfo(options: InfoOptions, surrounding: Io): Promise<Ending> {
  const { io, settings } = await surroundingsOf(surrounding, options)
  const place = placeOf(options.redis, settings, io)
  const info: Info = {
    agentloom: manifest.version,
    node: nodeVersion,
    platform: `${platform} ${arch}`,
    sqlite: versions.sqlite ?? 'none',
    providers: await providersOf(settings, io),
    home: place.kind === 'embedded' ? { folder: place.home, has_runs: existsHome(place.home) } : null,
    redis: await redisState(place),
    settings: givenSettings(settings, io),
  }
  io.stdout.write(options.json === true ? jsonText(info) : infoTextOf(info))
  return { code: 0 }
}

function infoTextOf({ agentloom, node, platform: system, sqlite, providers, home, redis, settings }: Info): string {
  const pairs = (entries: { readonly [name: string]: string }): string[] =>
    Object.entries(entries).map(([name, value]) => `  ${`${name}:`.padEnd(22)} ${printable(value)}`)
  const title = `AgentLoom v${agentloom}`
  const lines = [title, '-'.repeat(title.length), ...pairs({ Node: node, Platform: system, SQLite: sqlite })]
  lines.push('', 'Providers', ...pairs(providers), '', 'Runs')
  lines.push(
    ...pairs({
      Home: home === null ? 'in Redis' : `${home.folder}${home.has_runs ? '' : ' (no runs yet)'}`,
      Redis: redis,
    }),
  )
  if (Object.keys(settings).length > 0) lines.push('', 'Settings from the environment', ...pairs(settings))
  return `${lines.join('\n')}\n`
}

async function providersOf(settings: Settings, io: Io): Promise<{ readonly [name: string]: string }> {
  const { detectOllama } = await import('@agentloom/gateway')
  const ollama = await detectOllama(io.env)
  const later = (key: string | undefined): string =>
    key === undefined ? 'not configured' : 'key set, but not served by this version yet'
  return {
    openai: settings.OPENAI_API_KEY === undefined ? 'not configured' : 'configured',
    anthropic: later(settings.ANTHROPIC_API_KEY),
    google: later(settings.GOOGLE_API_KEY),
    ollama: ollama === null ? 'not running' : `running, ${ollama.models.length} models`,
  }
}

async function redisState(place: Place): Promise<string> {
  if (place.kind === 'embedded') return 'not configured'
  try {
    const { connect } = await import('../run/in-redis.ts')
    await using client = await connect(place)
    return client.isReady() ? 'ready' : 'not ready'
  } catch (error) {
    const { code, message } = infoOf(error)
    return `${code}: ${message}`
  }
}

function givenSettings(settings: Settings, io: Io): { readonly [name: string]: string } {
  const names = (Object.keys(settingsTable) as SettingName[]).filter((name) => (io.env[name] ?? '') !== '')
  return Object.fromEntries(names.map((name) => [name, SECRET_SETTINGS.has(name) ? 'set' : String(settings[name])]))
}
