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
  if (sizeOf(value, TO_ENCODE) < 0) walk(value, { ...TO_ENCODE, root, path: [], holders: [] })
  return JSON.stringify(value)
}

/**
 * Encodes a value as JSON text that decodes to an equal value in everything but -0.
 *
 * @throws {NotJsonError} as `encodeJson` does, and for members that are `undefined`.
 */
export function encodeExactJson(value: unknown, root: string): string {
  if (sizeOf(value, TO_KEEP) < 0) walk(value, { ...TO_KEEP, root, path: [], holders: [] })
  return JSON.stringify(value)
}

/**
 * Checks that a document is JSON and freezes it all through, so that it can be shared.
 *
 * @param root names the document, when it is refused.
 * @returns its approximate size, in characters of JSON text.
 * @throws {NotJsonError} as `encodeJson` does, and for members that are `undefined`: not every sink keeps them absent.
 */
export function sealJson(value: unknown, root: () => string): number {
  const size = sizeOf(value, TO_SEAL)
  return size >= 0 ? size : walk(value, { ...TO_SEAL, root: root(), path: [], holders: [] })
}

interface Purpose {
  readonly undefinedMembers: 'absent' | 'refused'
  readonly freeze: boolean
}

const TO_ENCODE: Purpose = { undefinedMembers: 'absent', freeze: false }
const TO_KEEP: Purpose = { undefinedMembers: 'refused', freeze: false }
const TO_SEAL: Purpose = { undefinedMembers: 'refused', freeze: true }

/** How deep a value is looked at without a memory of how one came there, as there can be cycles. */
const MOST_LEVELS = 20

/**
 * The size of a value that is surely JSON; else -1, also when it is deeper than this looks. Most values are JSON, and this takes a third of the time of the
 * walk that can name the place of what is not, and none of its kilobyte of garbage.
 */
function sizeOf(value: unknown, purpose: Purpose, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2
    case 'boolean':
      return 5
    case 'number':
      return Number.isFinite(value) ? 8 : -1
    case 'object':
      break
    default:
      return -1
  }
  if (value === null) return 4
  if (depth > MOST_LEVELS) return -1
  let size = 2
  if (Array.isArray(value))
    for (let index = 0; index < value.length; index++) {
      const item = sizeOf(value[index], purpose, depth + 1)
      if (item < 0) return -1
      size += item + 1
    }
  else {
    if (!isPlain(value)) return -1
    for (const key in value) {
      const member = (value as Readonly<Record<string, unknown>>)[key]
      if (member === undefined && purpose.undefinedMembers === 'absent') continue
      const measured = sizeOf(member, purpose, depth + 1)
      if (measured < 0) return -1
      size += key.length + 4 + measured
    }
  }
  if (purpose.freeze) Object.freeze(value)
  return size
}

interface Walk extends Purpose {
  readonly root: string
  readonly path: (string | number)[]
  readonly holders: object[]
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
