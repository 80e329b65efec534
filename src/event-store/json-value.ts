import { NotJsonError } from './not-json-error.ts'

/** What JSON can hold and give back unchanged. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/**
 * Encodes a value as JSON text that decodes to an equal value. Members of objects that are `undefined` count as absent;
 * -0 comes back as 0.
 *
 * @throws {NotJsonError} something in it would come back changed or not at all: BigInt, undefined at the top or in a list,
 * NaN, Date, Map, a class instance, a function, a cycle.
 */
export function encodeJson(value: unknown, root: string): string {
  if (!isJson(value, 0))
    walk(value, { root, path: [], holders: [], undefinedMembers: 'absent', freeze: false })
  return JSON.stringify(value)
}

/**
 * Whether a value is surely JSON. False also means: deeper than this looks, as there can be cycles. Most values are JSON, and this takes a third of the time of
 * the walk that can name the place of what is not.
 */
function isJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      break
    default:
      return false
  }
  if (value === null) return true
  if (depth > 20) return false
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++)
      if (!isJson(value[index], depth + 1)) return false
    return true
  }
  if (!isPlain(value)) return false
  for (const key of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[key]
    if (member !== undefined && !isJson(member, depth + 1)) return false
  }
  return true
}

/**
 * Checks that a document is JSON and freezes it all through, so that it can be shared.
 *
 * @returns its approximate size, in characters of JSON text.
 * @throws {NotJsonError} as `encodeJson` does, and for members that are `undefined`: not every sink keeps them absent.
 */
export function sealJson(value: unknown, root: string): number {
  return walk(value, { root, path: [], holders: [], undefinedMembers: 'refused', freeze: true })
}

interface Walk {
  readonly root: string
  readonly path: (string | number)[]
  readonly holders: object[]
  readonly undefinedMembers: 'absent' | 'refused'
  readonly freeze: boolean
}

function walk(value: unknown, at: Walk): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2
    case 'number':
      return Number.isFinite(value) ? 8 : refuse(value, at)
    case 'boolean':
      return 5
    case 'object':
      return value === null ? 4 : walkObject(value, at)
    default:
      return refuse(value, at)
  }
}

function walkObject(value: object, at: Walk): number {
  if (at.holders.includes(value)) throw new NotJsonError(pathOf(at), 'holds itself (a cycle)')
  at.holders.push(value)
  let size = 2
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      at.path.push(index)
      size += walk(value[index], at) + 1
      at.path.pop()
    }
  } else {
    if (!isPlain(value)) refuse(value, at)
    for (const key of Object.keys(value)) {
      const member = (value as Readonly<Record<string, unknown>>)[key]
      if (member === undefined && at.undefinedMembers === 'absent') continue
      at.path.push(key)
      size += key.length + 4 + walk(member, at)
      at.path.pop()
    }
  }
  at.holders.pop()
  if (at.freeze) Object.freeze(value)
  return size
}

/** Also of another realm, e.g. what `structuredClone` makes inside a test runner's sandbox. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false
  return typeof (value as { readonly toJSON?: unknown }).toJSON !== 'function'
}

function refuse(value: unknown, at: Walk): never {
  throw new NotJsonError(pathOf(at), `is ${describe(value)}`)
}

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    const constructor: unknown = value.constructor
    const name = typeof constructor === 'function' ? constructor.name : ''
    return name === 'Object' || name === '' ? 'an object with its own toJSON' : `a ${name}`
  }
  if (typeof value === 'bigint') return `the BigInt ${value}`
  if (typeof value === 'symbol' || typeof value === 'function') return `a ${typeof value}`
  return String(value)
}

function pathOf({ root, path }: Walk): string {
  return path.reduce<string>(
    (text, step) => (typeof step === 'number' ? `${text}[${step}]` : `${text}.${step}`),
    root,
  )
}
