import { describe, expect, test } from '@jest/globals'
import { defineAggregate, defineEvents, type SnapshotSettings } from '../../src/index.ts'
import { StateCodec } from '../../src/snapshots/state-codec.ts'

const lampEvents = defineEvents('lamp', {})
const lamp = (state: unknown, snapshot?: SnapshotSettings<unknown>) => ({
  events: lampEvents,
  initialState: () => state,
  snapshot,
})

describe('a state', () => {
  test.each<[string, unknown]>([
    ['an object', { on: true, watts: 40, note: null, list: [1, 'two', { three: 3 }] }],
    ['a number', 5],
    ['a text', 'é\u0000'],
  ])('that is %s comes back as it was', (_, state) => {
    const codec = new StateCodec()

    expect(codec.decode(lamp(state), codec.encode(lamp(state), state))).toEqual(state)
  })

  test.each<[string, unknown, string, string]>([
    ['a Date', { lit: { at: new Date(0) } }, 'lit.at', 'is a Date'],
    ['a Map', { rooms: [{}, new Map()] }, 'rooms[1]', 'is a Map'],
    ['a BigInt', { watts: 5n }, 'watts', 'is the BigInt 5'],
    ['undefined', { watts: 5, owner: undefined }, 'owner', 'is undefined'],
    ['undefined in a list', { list: [undefined] }, 'list[0]', 'is undefined'],
    ['NaN', { watts: Number.NaN }, 'watts', 'is NaN'],
    ['a Set as a whole', new Set(), '', 'is a Set'],
  ])('that holds %s is refused with its path', (_, state, path, problem) => {
    const encode = (): unknown => new StateCodec().encode(lamp(state), state)

    expect(encode).toThrow(expect.objectContaining({ code: 'SNAPSHOT_STATE', path }))
    expect(encode).toThrow(problem)
    expect(encode).toThrow('give the aggregate snapshot: { toJson, fromJson }')
  })
})

describe('toJson and fromJson', () => {
  interface Lit {
    readonly at: Date
    readonly rooms: ReadonlyMap<string, bigint>
  }
  const state: Lit = { at: new Date(5), rooms: new Map([['hall', 5n]]) }
  const toJson = ({ at, rooms }: Lit) => ({
    at: at.getTime(),
    rooms: [...rooms].map(([name, watts]) => [name, String(watts)]),
  })
  const fromJson = (json: { at: number; rooms: [string, string][] }): Lit => ({
    at: new Date(json.at),
    rooms: new Map(json.rooms.map(([name, watts]) => [name, BigInt(watts)])),
  })

  test('carry what JSON does not', () => {
    const codec = new StateCodec()
    const aggregate = { events: lampEvents, snapshot: { toJson, fromJson } }

    expect(codec.decode(aggregate, codec.encode(aggregate, state))).toEqual(state)
  })

  test('are refused when what comes back is another state, with the place', () => {
    const forgetful = (json: { at: number }): Lit => ({ at: new Date(json.at), rooms: new Map() })
    const aggregate = { events: lampEvents, snapshot: { toJson, fromJson: forgetful } }

    const encode = (): unknown => new StateCodec().encode(aggregate, state)

    expect(encode).toThrow(expect.objectContaining({ code: 'SNAPSHOT_STATE', path: 'rooms' }))
    expect(encode).toThrow('does not come back from toJson and fromJson as it was')
  })

  test('are refused when toJson gives what is no JSON', () => {
    const aggregate = {
      events: lampEvents,
      snapshot: { toJson: (lit: Lit) => lit as never, fromJson },
    }

    expect(() => new StateCodec().encode(aggregate, state)).toThrow(/'at' of its state is a Date/)
  })
})

test.each<[string, object, string]>([
  ['no whole stateVersion', { stateVersion: 1.5 }, 'has stateVersion 1.5'],
  ['a stateVersion below 1', { stateVersion: 0 }, 'has stateVersion 0'],
  ['nothing to keep', { snapshot: { keep: 0 } }, 'has snapshot.keep 0'],
  ['toJson alone', { snapshot: { toJson: () => 1 } }, 'Give both'],
  ['fromJson alone', { snapshot: { fromJson: () => 1 } }, 'Give both'],
])('an aggregate with %s is refused', (_, settings, message) => {
  const define = (): unknown =>
    defineAggregate({
      events: lampEvents,
      initialState: () => 0,
      decide: {},
      evolve: {},
      ...settings,
    })

  expect(define).toThrow(TypeError)
  expect(define).toThrow(message)
})
