import { CliError } from '../errors.ts'

export function notFound(runId: string): CliError {
  return new CliError('run/not-found', `there is no run ${runId}`, { help: 'see which there are with: agentloom runs' })
}
