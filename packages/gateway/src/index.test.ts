import { expect, test } from 'vitest'
import * as front from './index.ts'
import * as testing from './testing/index.ts'

test('the front doors offer these names', () => {
  expect(Object.keys(front).sort()).toEqual([
    'CANDIDATE_CACHE_MAX',
    'DEADLINES',
    'NoProviderError',
    'ProviderError',
    'ProviderSettingError',
    'ProvidersUnavailableError',
    'createGateway',
    'detectOllama',
    'keysNotYetServed',
    'listPrices',
    'mockProvider',
    'openAICompatible',
    'providersFromEnvironment',
    'requestHash',
    'treatments',
  ])
  expect(Object.keys(testing).sort()).toEqual([
    'callContext',
    'completionBody',
    'completionEvents',
    'event',
    'modelRequest',
    'startOpenAIServer',
  ])
})
