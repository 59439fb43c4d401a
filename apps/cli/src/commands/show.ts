import { Option, type Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { JSON_AS } from '../command-line/json-flag.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { placeOptionsOf } from '../command-line/place-option.ts'
import { envFileOption, jsonShapeOf, type RunOptions } from '../command-line/run-options.ts'

export function showCommand(act: Act): Command {
  return describedCommand({
    name: 'show',
    usage: '[OPTIONS] RUN_ID',
    inList: 'show a run: its steps, costs and standing',
    summary: 'Shows a run: its steps, what they cost, and how it stands.',
    examples: ['agentloom show 7f3k2mq4x9bt0czd', 'agentloom show 7f3k2mq4x9bt0czd --json | jq .state'],
  })
    .argument('<run_id>', 'as `agentloom runs` lists it')
    .addOption(jsonOption())
    .addOption(new Option(`${JSON_AS} <shape>`).hideHelp())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((runId: string, options: RunOptions) =>
      act(async (surrounding) => {
        const { surroundingsOf } = await import('../command-line/surroundings.ts')
        const { checkedRunId } = await import('../run/checked-run-id.ts')
        const { openRuns } = await import('../run/kept-runs.ts')
        const { embeddedPlace, placeOf } = await import('../run/place.ts')
        const { showRun } = await import('../result/show-run.ts')
        const json = jsonShapeOf(options)
        const { io, settings } = await surroundingsOf(surrounding, options)
        await using runs = await openRuns(placeOf(options.redis, settings, io), io, embeddedPlace(settings, io).home)
        const id = checkedRunId(runId)
        return showRun(id, await runs.find(id), { json, placeOptions: placeOptionsOf(options.redis) }, io)
      }),
    )
}
