import { createEmbedded, type Embedded } from '@agentloom/embedded'
import { functionsOf, systemClock, type EngineEvent, type Models } from '@agentloom/engine'
import { createToolBox, createWebhooks, type Tool } from '@agentloom/tools'
import type { FunctionDefinition } from '@agentloom/workflow'
import { newsOfEvent } from '../terminal/news.ts'
import { noView, type RunView } from '../terminal/run-view.ts'

export interface StageOptions {
  readonly home: string
  /** Absolute: where relative paths of tools start. */
  readonly folder: string
  readonly functions: readonly FunctionDefinition[]
  readonly tools: readonly Tool[]
}

/** The embedded runtime of one call, with what can only be had when the run's plan is known: its models and its view. */
export interface Stage extends AsyncDisposable {
  readonly embedded: Embedded
  models: Models
  view: RunView
}

const NO_MODELS: Models = {
  call: () => Promise.reject(new Error('this command asks no model')),
}

/** @throws {StoreError} · {StepConfigError} `function/twice` */
export async function openStage({ home, folder, functions, tools }: StageOptions): Promise<Stage> {
  const observe = (event: EngineEvent): void => {
    const news = newsOfEvent(event)
    if (news !== null) stage.view.tell(news)
  }
  const embedded = await createEmbedded({
    folder: home,
    observe,
    executors: {
      models: { call: (request, context) => stage.models.call(request, context) },
      // A run of one's own file follows the file's sandbox alone; workers have a floor.
      tools: createToolBox({ tools, floor: 'trusted' }),
      webhooks: createWebhooks({ floor: 'trusted' }),
      functions: functionsOf(functions),
      clock: systemClock,
      random: Math.random,
      runFolder: () => folder,
    },
  })
  const stage: Stage = {
    embedded,
    models: NO_MODELS,
    view: noView,
    [Symbol.asyncDispose]: () => embedded.close(),
  }
  return stage
}
