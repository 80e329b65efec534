import type { EventToStore } from '../../../event-store/stored-event.ts'

/**
 * Our part of an event's metadata, under one key. The user's metadata stands beside it, where other tools look for it, and its correlation and causation once
 * more under the names that the server knows: its projection `$by_correlation_id` reads them.
 */
interface Envelope {
  readonly schemaVersion: number
  /** ISO 8601; left out: the moment of recording. */
  readonly occurredAt?: string
  /** The user's metadata, where one of its keys would be taken for ours. */
  readonly metadata?: Metadata
}

type Metadata = Record<string, unknown>

const KEY = 'everfold'
/** What the server calls them. */
const CORRELATION = '$correlationId'
const CAUSATION = '$causationId'
const OURS = [KEY, CORRELATION, CAUSATION]
/** Keys that the second version of the protocol adds to what it stores. */
const SERVERS = ['$schema.name', '$schema.format']
const NOT_THE_USERS = [...OURS, ...SERVERS]

/** The metadata of an event as the server stores it. */
export function seal(event: EventToStore): Metadata {
  // Nobody else has this object: to add to it costs a third of what a copy does.
  const metadata = JSON.parse(event.metadata) as Metadata
  const envelope = envelopeOf(event)
  if (OURS.some((key) => Object.hasOwn(metadata, key)))
    return { [KEY]: { ...envelope, metadata } satisfies Envelope }
  addMirrors(metadata)
  metadata[KEY] = envelope
  return metadata
}

/** The same for the second version of the protocol, which takes text under each key and nothing else: the envelope is JSON in a text then. */
export function sealFlat(event: EventToStore): Record<string, string> {
  const metadata = JSON.parse(event.metadata) as Metadata
  const envelope = envelopeOf(event)
  if (!isFlat(metadata))
    return { [KEY]: JSON.stringify({ ...envelope, metadata } satisfies Envelope) }
  addMirrors(metadata)
  metadata[KEY] = JSON.stringify(envelope)
  return metadata
}

function envelopeOf({ schemaVersion, occurredAtMs }: EventToStore): Envelope {
  return occurredAtMs === undefined
    ? { schemaVersion }
    : { schemaVersion, occurredAt: new Date(occurredAtMs).toISOString() }
}

function addMirrors(metadata: Metadata): void {
  const { correlationId, causationId } = metadata
  if (typeof correlationId === 'string') metadata[CORRELATION] = correlationId
  if (typeof causationId === 'string') metadata[CAUSATION] = causationId
}

/** Whether the wire keeps each entry as it is. Keys with "$" are the server's, and the generated code loses what stands under `__proto__`. */
function isFlat(metadata: Metadata): metadata is Record<string, string> {
  return Object.entries(metadata).every(
    ([key, value]) =>
      typeof value === 'string' &&
      value.isWellFormed() &&
      key.isWellFormed() &&
      key !== KEY &&
      key !== '__proto__' &&
      !key.startsWith('$'),
  )
}

export interface Opened {
  readonly schemaVersion: number
  /** Undefined: the moment of recording. */
  readonly occurredAtMs: number | undefined
  /** Gives the user's, when they are asked for: most readers do not, and they take a third of what else is done for an event. */
  metadata(): Metadata
}

/** Reads what `seal` made, or the metadata that another tool wrote: then the event is of schema version 1, and its correlation and causation have our names, too. */
export function open(stored: unknown): Opened {
  if (!isObject(stored)) return { schemaVersion: 1, occurredAtMs: undefined, metadata: () => ({}) }
  const sealed = stored[KEY]
  const envelope = typeof sealed === 'string' ? parsed(sealed) : sealed
  if (!isEnvelope(envelope))
    return { schemaVersion: 1, occurredAtMs: undefined, metadata: () => adopt(stored) }
  const { schemaVersion, occurredAt, metadata } = envelope
  return {
    schemaVersion,
    occurredAtMs: occurredAt === undefined ? undefined : Date.parse(occurredAt),
    metadata: () => metadata ?? without(NOT_THE_USERS, stored),
  }
}

/** Undefined: it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function without(keys: readonly string[], metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !keys.includes(key)))
}

function adopt(metadata: Metadata): Metadata {
  const { [CORRELATION]: correlationId, [CAUSATION]: causationId } = metadata
  return {
    ...(typeof correlationId === 'string' && { correlationId }),
    ...(typeof causationId === 'string' && { causationId }),
    ...without(SERVERS, metadata),
  }
}

function isObject(value: unknown): value is Metadata {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value)
  )
}

function isEnvelope(value: unknown): value is Envelope {
  if (!isObject(value)) return false
  const { schemaVersion, occurredAt, metadata } = value
  return (
    Number.isInteger(schemaVersion) &&
    (schemaVersion as number) > 0 &&
    (occurredAt === undefined ||
      (typeof occurredAt === 'string' && !Number.isNaN(Date.parse(occurredAt)))) &&
    (metadata === undefined || isObject(metadata))
  )
}
