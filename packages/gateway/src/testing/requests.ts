import type { CallContext, ModelRequest } from '@agentloom/engine/ports'

/** A request as the engine makes one for a step `ask` with the prompt `Hi`, with what the test cares about laid over it. */
export function modelRequest(fields: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'demo-model',
    provider: 'openai',
    messages: [{ role: 'user', content: 'Hi' }],
    temperature: null,
    maxTokens: null,
    tools: [],
    toolChoice: 'auto',
    stream: false,
    thinking: null,
    mock: null,
    stepId: 'ask',
    turn: 0,
    ...fields,
  }
}

export function callContext(fields: Partial<CallContext> = {}): CallContext {
  return {
    signal: new AbortController().signal,
    runId: 'run',
    idempotencyKey: 'run:ask:1:0',
    onText: null,
    ...fields,
  }
}
