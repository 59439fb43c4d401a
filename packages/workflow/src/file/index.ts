export { FileError } from './errors.ts'
export { CHILDREN_BYTES_MAX, RESPONSES_BYTES_MAX } from './attachments.ts'
export { loadWorkflowFile, type LoadOptions, WORKFLOW_BYTES_MAX } from './load.ts'
export { readRegularFile } from './read-file.ts'
