import { AgentloomError } from '@agentloom/workflow'
import { UsageError } from '../errors.ts'
import type { Io } from '../io/io.ts'
import { jsonText } from '../result/run-document.ts'
import { infoOf, problemText } from '../terminal/problem.ts'
import type { Ending } from '../run/ending.ts'

/** Runs a command's work to its ending; whatever it throws becomes text, or JSON where a program reads stdout. */
export async function ended(work: (io: Io) => Promise<Ending>, io: Io, isJson: boolean): Promise<Ending> {
  try {
    return await work(io)
  } catch (error) {
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
