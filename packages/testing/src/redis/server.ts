/** What a test wants of its Redis. Nothing is kept on disk unless `appendonly` says so. */
export interface RedisOptions {
  /** Append-only file on. Default: off. */
  readonly appendonly?: boolean
  /** When the append-only file reaches the disk. Default: `everysec`, as Redis has it. */
  readonly appendfsync?: 'always' | 'everysec' | 'no'
  /** A fixed port on 127.0.0.1. Default: a free one. */
  readonly port?: number
  /** An existing folder for its files, which then outlive `stop()`. Default: a temporary one that goes with the server. */
  readonly dir?: string
  /** Insists on this machine's own server, whose process and files can be laid hands on. Default: false. */
  readonly isLocal?: boolean
  /** More of redis-server's own arguments, e.g. `['--maxmemory', '50mb']`. */
  readonly args?: readonly string[]
}

/** What a way of running Redis must offer; `startRedis` makes a handle of it. */
export interface Server {
  readonly port: number
  readonly host: string
  pid(): number | null
  kill9(): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** redis-server's arguments for these options, the port and folder apart. */
export function serverArguments(options: RedisOptions): string[] {
  return [
    '--save',
    '',
    '--appendonly',
    options.appendonly === true ? 'yes' : 'no',
    '--appendfsync',
    options.appendfsync ?? 'everysec',
    ...(options.args ?? []),
  ]
}
