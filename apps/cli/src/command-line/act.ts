import { AgentloomError } from '@agentloom/workflow'
import { UsageError } from './usage-error.ts'
import { CliError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/json-text.ts'
import { infoOf, problemText } from '../terminal/problem.ts'
import type { Ending } from '../run/ending.ts'

/** Runs a command's work to its ending; whatever it throws becomes text, or JSON where a program reads stdout. */
export async function ended(work: (io: Io) => Promise<Ending>, io: Io, isJson: boolean): Promise<Ending> {
  try {
    return await work(io)
  } catch (thrown) {
    const error = isLostFolder(thrown) ? lostFolder() : thrown
    if (error instanceof UsageError) throw error
    // The programs check their own options.
    if (error instanceof AgentloomError && error.code === 'config/option') throw new UsageError(error.message)
    io.stderr.line(problemText(error, io.stderr))
    if (!(error instanceof AgentloomError) && io.env['AGENTLOOM_DEBUG'] === '1' && Error.isError(error))
      io.stderr.line(error.stack ?? '')
    if (isJson) io.stdout.write(jsonText({ error: infoOf(error) }))
    return { code: 1 }
  }
}

function isLostFolder(error: unknown): boolean {
  return Error.isError(error) && 'syscall' in error && error.syscall === 'uv_cwd'
}

function lostFolder(): CliError {
  return new CliError('config/working-directory', 'the working directory does not exist any more', {
    help: 'change to another folder',
  })
}
