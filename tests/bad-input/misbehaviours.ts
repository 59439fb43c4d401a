import type { FunctionContext } from '@agentloom/workflow'

// Section D: what functions give back and throw. Worker and test read the same table: the worker behaves, the test expects.

export interface Misbehaviour {
  readonly name: string
  readonly behave: (ctx: FunctionContext) => unknown
  readonly expected: Expected
}

/** How the step ends: with this output, or with this code and place (behind run and step). */
export type Expected =
  | { readonly output: unknown }
  | { readonly code: string; readonly place: string | null }
  | { readonly message: string | RegExp }

const gives = (name: string, behave: Misbehaviour['behave'], output: unknown): Misbehaviour => ({
  name,
  behave,
  expected: { output },
})
const refused = (
  name: string,
  behave: Misbehaviour['behave'],
  code: string,
  place: string | null = '$',
): Misbehaviour => ({
  name,
  behave,
  expected: { code, place },
})
const throws = (name: string, thrown: () => unknown, message: string | RegExp): Misbehaviour => ({
  name,
  behave: () => {
    throw thrown()
  },
  expected: { message },
})

class Own {
  readonly field = 1
}

function cyclic(): unknown {
  const inner: Record<string, unknown> = {}
  const outer = { inner }
  inner['back'] = outer
  return outer
}

function doubled(times: number): unknown {
  let value: unknown = [1]
  for (let time = 0; time < times; time += 1) value = [value, value]
  return value
}

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

function deepProxy(): object {
  return new Proxy(
    { a: 1 },
    {
      get: () => deepProxy(),
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: deepProxy() }),
    },
  )
}

function endlessToJson(): object {
  return { toJSON: endlessToJson }
}

function holes(): unknown {
  const list: number[] = []
  list[0] = 1
  list[2] = 3
  return list
}

function longList(): unknown {
  const list: unknown[] = []
  list.length = 3e7
  return list
}

function named(name: string): Error {
  return Object.assign(new Error('mine'), { name })
}

class Hostile extends Error {
  override get message(): string {
    throw new TypeError('no message for you')
  }
  override get stack(): string {
    throw new TypeError('no stack for you')
  }
}

function selfCaused(): Error {
  const error = new Error('outer')
  error.cause = error
  return error
}

const MIB = 1024 * 1024

export const misbehaviours: readonly Misbehaviour[] = [
  gives('D1 nothing', () => undefined, null),
  refused('D2 a function', () => () => 1, 'result/not-json'),
  refused('D2 a symbol', () => Symbol('x'), 'result/not-json'),
  gives('D3 undefined in a mapping, and -0', () => ({ a: undefined, d: -0 }), { d: 0 }),
  refused('D3 undefined in a list', () => ({ b: [undefined] }), 'result/not-json', '$.b[0]'),
  refused('D3 NaN', () => ({ c: NaN }), 'result/not-json', '$.c'),
  refused('D4 a bigint', () => ({ n: 1n }), 'result/not-json', '$.n'),
  refused('D5 a Date', () => new Date(0), 'result/not-json'),
  refused('D5 a Map', () => new Map([[1, 2]]), 'result/not-json'),
  refused('D5 a Set', () => [new Set([1])], 'result/not-json', '$[0]'),
  refused('D5 a regular expression', () => /a/, 'result/not-json'),
  refused('D5 an Error', () => new Error('x'), 'result/not-json'),
  refused('D5 an instance of a class', () => ({ own: new Own() }), 'result/not-json', '$.own'),
  refused('D6 a Buffer', () => Buffer.alloc(MIB), 'result/not-json'),
  refused('D6 a typed array', () => new Uint8Array(3), 'result/not-json'),
  refused('D7 a mapping in itself', cyclic, 'result/cyclic', '$.inner.back'),
  gives(
    'D7 one list twice',
    () => {
      const list = [1]
      return { a: list, b: list }
    },
    { a: [1], b: [1] },
  ),
  refused('D8 forty times doubled', () => doubled(40), 'result/too-large', null),
  refused('D9 6,000 nested lists', () => nested(6_000), 'result/depth', null),
  gives('D9 200 nested lists', () => nested(200), nested(200)),
  refused(
    'D10 a getter that throws null',
    () => ({
      get a(): unknown {
        throw null // oxlint-disable-line typescript/only-throw-error -- the misbehaviour itself
      },
    }),
    'result/not-json',
    '$.a',
  ),
  refused(
    'D10 toJSON that throws',
    () => ({
      toJSON: () => {
        throw new Error('x')
      },
    }),
    'result/not-json',
    '$.toJSON',
  ),
  refused('D10 toJSON without end', endlessToJson, 'result/not-json', '$.toJSON'),
  refused('D11 a revoked proxy inside', () => ({ a: revoked() }), 'result/not-json', '$.a'),
  // Reading its `then` throws before anybody sees a result.
  { name: 'D11 a revoked proxy', behave: revoked, expected: { message: /^TypeError: .*revoked/ } },
  refused(
    'D11 a proxy with a million keys',
    () =>
      new Proxy(
        {},
        {
          ownKeys: () => Array.from({ length: 1e6 }, (_, n) => `k${n}`),
          getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 'some text' }),
          get: () => 'some text',
        },
      ),
    'result/too-large',
    null,
  ),
  refused('D11 a proxy without a bottom', deepProxy, 'result/depth', null),
  refused('D12 a hole', holes, 'result/not-json', '$[1]'),
  refused('D12 a list of thirty million holes', longList, 'result/too-large', null),
  refused('D13 a text of 20 MB', () => 'x'.repeat(20 * MIB), 'result/too-large', null),
  refused('D13 a text of 10 MiB and its quotes', () => 'x'.repeat(10 * MIB), 'result/too-large', null),
  refused(
    'D13 a mapping of 11 MB',
    () => ({ parts: Array.from({ length: 11 }, () => 'x'.repeat(MIB)) }),
    'result/too-large',
    null,
  ),
  gives('D13 a text of 3 MB', () => 'x'.repeat(3 * MIB), 'x'.repeat(3 * MIB)),
  refused('D14 half of a surrogate pair', () => 'a\ud800', 'result/character'),
  refused('D14 half of a surrogate pair as key', () => ({ '\ud800': 1 }), 'result/character', null),
  refused('D15 __proto__', () => JSON.parse('{"__proto__": {"z": 1}}'), 'result/forbidden-key', null),
  refused('D15 __proto__ inside', () => JSON.parse('{"a": [{"__proto__": {"z": 1}}]}'), 'result/forbidden-key', null),
  gives('D15 names of methods', () => ({ toString: 1, hasOwnProperty: 2 }), { toString: 1, hasOwnProperty: 2 }),
  gives(
    'D21 a promise that was let go',
    () => {
      void Promise.reject(new Error('stray'))
      return 1
    },
    1,
  ),
  gives(
    'D21 a timer that throws',
    () => {
      setTimeout(() => {
        throw new Error('stray timer')
      }, 5)
      return 2
    },
    2,
  ),
  throws('D22 null', () => null, 'NonError: null'),
  throws('D22 undefined', () => undefined, 'NonError: undefined'),
  throws('D22 a text', () => 'oops', 'NonError: oops'),
  throws('D22 a mapping', () => ({}), /^NonError: /),
  throws('D22 a symbol', () => Symbol('s'), 'NonError: Symbol(s)'),
  throws('D23 a frozen error', () => Object.freeze(new Error('frozen')), 'Error: frozen'),
  throws('D23 getters that throw', () => new Hostile(), 'an error that cannot be read'),
  throws('D23 an error that is its own cause', selfCaused, 'Error: outer'),
  throws(
    'D23 100,000 errors in one',
    () =>
      new AggregateError(
        Array.from({ length: 100_000 }, () => new Error('m')),
        'many',
      ),
    /^AggregateError: many/,
  ),
  throws('D23 no error but its prototype', () => Object.create(Error.prototype), /Error/),
  throws('D24 a message of 10 MB', () => new Error('m'.repeat(1e7)), /^Error: m{8000,8200} … \(cut\)$/),
  throws(
    'D25 what BullMQ takes for a rate limit',
    () => new Error('bullmq:rateLimitExceeded'),
    'Error: bullmq:rateLimitExceeded',
  ),
  throws('D26 DelayedError', () => named('DelayedError'), 'DelayedError: mine'),
  throws('D26 WaitingError', () => named('WaitingError'), 'WaitingError: mine'),
  throws('D26 WaitingChildrenError', () => named('WaitingChildrenError'), 'WaitingChildrenError: mine'),
  throws('D26 UnrecoverableError', () => named('UnrecoverableError'), 'UnrecoverableError: mine'),
  gives(
    'D28 a result that changes afterwards',
    () => {
      const result = { now: 1 }
      setTimeout(() => (result.now = 2), 0)
      return result
    },
    { now: 1 },
  ),
]
