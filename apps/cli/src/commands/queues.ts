import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption, textOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'

interface QueuesOptions {
  readonly json?: true
  readonly key?: string
  readonly redis?: string
  readonly envFile?: string
}

export function queuesCommand(act: Act): Command {
  return describedCommand({
    name: 'queues',
    usage: '[OPTIONS]',
    inList: 'show pools of workers, concurrency keys and who holds their slots',
    summary:
      'Shows how many jobs wait and are at work in each pool of workers, who serves it, and for each concurrency key its limit, the steps that hold its slots and how many wait.',
    examples: ['agentloom queues --redis redis://localhost:6379', 'agentloom queues --key acme --json'],
  })
    .addOption(textOption('--key <key>', 'only this concurrency key'))
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action(({ json, key, redis, envFile }: QueuesOptions) =>
      act(async (surrounding) => {
        const { surroundingsOf } = await import('../command-line/surroundings.ts')
        const { connect } = await import('../run/in-redis.ts')
        const { placeOf } = await import('../run/place.ts')
        const { UsageError } = await import('../command-line/usage-error.ts')
        const { lookAtQueues, queuesTable } = await import('../result/queue-list.ts')
        const { jsonText } = await import('../result/json-text.ts')
        const { io, settings } = await surroundingsOf(surrounding, { ...(envFile !== undefined && { envFile }) })
        const place = placeOf(redis, settings, io)
        if (place.kind !== 'redis')
          throw new UsageError('queues are in a Redis: name it with --redis or AGENTLOOM_REDIS_URL')
        await using client = await connect(place)
        const found = await lookAtQueues(client, key)
        io.stdout.write(json === true ? jsonText(found) : queuesTable(found))
        return { code: 0 }
      }),
    )
}
