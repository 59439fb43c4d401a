// What the programs of this repository share: how settings are read, ports opened, signals heard, floods logged and workflow folders loaded.

export { FunctionModuleError } from './functions/errors.ts'
export { type Handlers, loadHandlers } from './functions/load-handlers.ts'
export { type Address, ListenError, listenOn } from './listen/listen.ts'
export { sampler } from './log/sampled.ts'
export { SettingError } from './settings/errors.ts'
export {
  type Environment,
  journalVariables,
  logVariables,
  redactionVariables,
  parseEnvironment,
  parseFlags,
  redisOf,
  seconds,
  startPolicyOf,
  type StartPolicySettings,
  wholeNumber,
} from './settings/settings.ts'
export { exitCodeOf, exitSoon, listenForStop, type StopSignal, type StopSignals } from './signals/stop-signals.ts'
export { loadWorkflowFolder, type WorkflowFolder, WorkflowFolderError } from './workflows/load-folder.ts'
