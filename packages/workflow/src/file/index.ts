export { FileError } from './errors.ts'
export { loadWorkflowFile, type LoadOptions, RESPONSES_BYTES_MAX, WORKFLOW_BYTES_MAX } from './load.ts'
export { readRegularFile } from './read-file.ts'
