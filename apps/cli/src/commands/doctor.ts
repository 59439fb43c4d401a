import type { Command } from 'commander'
import { describedCommand, type Act } from '../command-line/command.ts'
import { jsonOption, redisOption } from '../command-line/options.ts'
import { envFileOption } from '../command-line/run-options.ts'
import type { DoctorOptions } from '../doctor/doctor.ts'

export function doctorCommand(act: Act): Command {
  return describedCommand({
    name: 'doctor',
    usage: '[OPTIONS]',
    inList: 'say what is wrong with the place where runs live',
    summary:
      'Looks at the place where runs live and changes nothing: a Redis with its persistence, memory, clock, queues and workers, or the folder of embedded runs. Each finding comes with its remedy.',
    examples: ['agentloom doctor --redis redis://localhost:6379', 'agentloom doctor --json | jq -r ".[].check"'],
    exits: [
      [0, 'nothing is wrong; there may be warnings'],
      [1, 'there is a problem, or the place cannot be reached'],
      [2, 'the command line is wrong'],
    ],
  })
    .addOption(jsonOption())
    .addOption(redisOption())
    .addOption(envFileOption())
    .action((options: DoctorOptions) => act(async (io) => (await import('../doctor/doctor.ts')).doctor(options, io)))
}
