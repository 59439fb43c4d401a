import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ToolBox, ToolContext } from '@agentloom/engine'

/** Of the owner alone: what tools write may be anything. */
const FOLDER_MODE = 0o700
/** Run ids, and those of child runs with their dots; never a path. */
const RUN_FOLDER = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,255}$/

/** Where a run's relative paths start. The id was checked at START; a journal that somebody wrote into is checked again. */
export function runFolders(workDir: string): (runId: string) => string {
  return (runId) => {
    if (!RUN_FOLDER.test(runId)) throw new Error(`${JSON.stringify(runId)} is no run id`)
    return join(workDir, runId)
  }
}

/** The same tools; the run's folder is there before one of them is called. Steps without tools never make one. */
export function withRunFolder(tools: ToolBox): ToolBox {
  const make = ({ runFolder }: ToolContext) => mkdir(runFolder, { recursive: true, mode: FOLDER_MODE })
  return {
    names: () => tools.names(),
    async call(name, args, context) {
      await make(context)
      return tools.call(name, args, context)
    },
    onUnknown: (name) => tools.onUnknown(name),
    async verify(name, args, context) {
      await make(context)
      return tools.verify(name, args, context)
    },
    async attach(attachment, context) {
      await make(context)
      return tools.attach(attachment, context)
    },
  }
}
