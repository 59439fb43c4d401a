import type { Command } from 'commander'
import { isPicking, refusePicking, withBulkOptions, type BulkOptions } from '../command-line/bulk-options.ts'
import { describedCommand, RUN_EXITS, type Act } from '../command-line/command.ts'
import { decisionsOf, withDecisionOptions, type DecisionOptions } from '../command-line/decisions.ts'
import { redisOption } from '../command-line/options.ts'
import { placeOptionsOf, refuseWith } from '../command-line/place-option.ts'
import { envFileOption, jsonShapeOf, withRunOptions, type RunOptions } from '../command-line/run-options.ts'

const NANO_PER_USD = 1_000_000_000

export function resumeCommand(act: Act): Command {
  const command = describedCommand({
    name: 'resume',
    usage: '[OPTIONS] [RUN_ID] [--approve GATE] [--reject GATE]',
    inList: 'go on with a run behind its last committed step, or with many',
    summary:
      'Goes on with a run that was paused, failed, or whose process died: behind its last committed step, in the folder it was started in. Successful steps are not repeated; a gate that nobody decides waits on.',
    examples: [
      'agentloom resume 7f3k2mq4x9bt0czd',
      'agentloom resume 7f3k2mq4x9bt0czd --budget 2      # one that ran out of budget',
      'agentloom resume 7f3k2mq4x9bt0czd --approve       # the only gate that waits',
      'agentloom resume 7f3k2mq4x9bt0czd --approve legal --reject review.final',
      'agentloom resume --status failed --since 12h --rate 5   # many; --dry-run shows which',
    ],
    exits: RUN_EXITS,
  }).argument('[run_id]', 'as `agentloom runs` lists it; without it, those that the options pick')
  return withBulkOptions(withDecisionOptions(withRunOptions(command)))
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((given: string | undefined, options: RunOptions & DecisionOptions & BulkOptions) =>
      act(async (surrounding) => {
        const isDeciding = options.approve !== undefined || options.reject !== undefined
        if (isDeciding) refusePicking(options)
        else if (isPicking(given, options)) {
          const { jsonAs, checkpoint, checkpointDir } = options
          refuseWith('many-runs', {
            '--json=agentloom': jsonAs,
            '--checkpoint': checkpoint,
            '--checkpoint-dir': checkpointDir,
          })
          return (await import('../run/bulk.ts')).bulk('resume', options, surrounding)
        }
        const { surroundingsOf } = await import('../command-line/surroundings.ts')
        const { checkedRunId } = await import('../run/checked-run-id.ts')
        const { placeOf } = await import('../run/place.ts')
        const json = jsonShapeOf(options)
        const { runId, decisions } = decisionsOf(given, options)
        const { io, settings } = await surroundingsOf(surrounding, options)
        const place = placeOf(options.redis, settings, io)
        const budgetNanoUsd = options.budget === undefined ? undefined : Math.round(options.budget * NANO_PER_USD)
        const by = io.env['USER'] ?? null
        const wanted = { runId: checkedRunId(runId), settings, budgetNanoUsd, decisions, by, json }
        if (place.kind === 'redis') {
          const { functions, checkpoint, checkpointDir } = options
          refuseWith('redis', {
            '--functions': functions,
            '--checkpoint': checkpoint,
            '--checkpoint-dir': checkpointDir,
          })
          const { resumeInRedis } = await import('../run/in-redis.ts')
          return resumeInRedis({ ...wanted, place, placeOptions: placeOptionsOf(options.redis) }, io)
        }
        const { checkpointFolderOf } = await import('../run/checkpoint-folder.ts')
        const { resumeEmbedded } = await import('../run/resume-embedded.ts')
        const checkpointFolder = checkpointFolderOf(options, place, settings, io)
        return resumeEmbedded({ ...wanted, place, functions: options.functions ?? [], checkpointFolder }, io)
      }),
    )
}
