export { runServer } from './run-server.ts'
export { ApiKeyError } from './settings/errors.ts'
export { serverFlags, type ServerFlags, serverVariables } from './settings/server-settings.ts'
export { type RunningServer, startServer, type StartServerOptions } from './start-server.ts'
