export {
  completionBody,
  completionEvents,
  event,
  type Completion,
  type RawReply,
  type ServerAnswer,
} from './answers.ts'
export {
  startOpenAIServer,
  type OpenAIServer,
  type OpenAIServerOptions,
  type ReceivedRequest,
} from './openai-server.ts'
export { callContext, modelRequest } from './requests.ts'
