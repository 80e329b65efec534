import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { EventPart, PartsOfRetired, RetiredEvent } from '../upcasters/retired-event.ts'
import type { UpcastContext, UpcasterChain } from '../upcasters/upcaster-chain.ts'
import type { EventMetadata } from './domain-event.ts'
import { NewerSchemaVersionError } from './newer-schema-version-error.ts'
import { DecodedEvent, type RecordedEvent, type UpcastEvent } from './recorded-event.ts'
import type { StreamId } from './stream-id.ts'
import { UnknownEventTypeError } from './unknown-event-type-error.ts'
import { UpcastFailedError } from './upcast-failed-error.ts'

/** What a catalog declares of one event type, with its upcaster chain built. */
export interface DeclaredEvent {
  readonly chain: UpcasterChain
  readonly schema: StandardSchemaV1 | undefined
}

/** What a catalog knows of the types in its streams. */
export interface KnownEvents {
  readonly declared: ReadonlyMap<string, DeclaredEvent>
  readonly retired: ReadonlyMap<string, RetiredEvent>
}

/**
 * Carries a stored event to what it means today: one event, several where its type is split, none where it is dropped.
 *
 * @throws {UnknownEventTypeError} its type is neither declared nor retired.
 * @throws {NewerSchemaVersionError} newer code stored it.
 * @throws {UpcastFailedError} an upcaster threw, or gave what it may not.
 */
export function upcastStored(known: KnownEvents, stored: RecordedEvent): readonly RecordedEvent[] {
  const { streamId, type, version } = stored
  const declared = known.declared.get(type)
  if (declared !== undefined) return [upcastDeclared(declared, stored)]
  const retired = known.retired.get(type)
  if (retired === undefined)
    throw new UnknownEventTypeError(streamId, { type, version, known: [...known.declared.keys()] })
  if ('parts' in retired) return upcastParts(known, retired.parts, stored)
  const { chain } = known.declared.get(retired.renamedTo) as DeclaredEvent
  return [upcastChain(chain, stored, retired.renamedTo)]
}

/** Carries a stored event of a declared type to the current shape of its data. */
export function upcastDeclared({ chain }: DeclaredEvent, stored: RecordedEvent): RecordedEvent {
  return stored.schemaVersion === chain.version ? stored : upcastChain(chain, stored, stored.type)
}

function upcastChain(chain: UpcasterChain, stored: RecordedEvent, type: string): RecordedEvent {
  const { schemaVersion } = stored
  checkKnown(stored, chain.version)
  const data = attempt(stored, (context) => {
    const shape = chain.apply(stored.data, schemaVersion, context)
    if (shape === undefined || shape instanceof Promise)
      throw new TypeError('An upcaster must return the next shape, synchronously.')
    return shape
  })
  return carried(stored, { type, data, schemaVersion: chain.version })
}

function upcastParts(
  { declared }: KnownEvents,
  retired: PartsOfRetired,
  stored: RecordedEvent,
): readonly RecordedEvent[] {
  checkKnown(stored, retired.version)
  const given = attempt(stored, (context) => {
    const parts = retired.apply(stored.data, stored.schemaVersion, context)
    for (const part of parts) checkPart(part, declared)
    return parts
  })
  return given.map(({ type, data }, index) => {
    const schemaVersion = declared.get(type)?.chain.version ?? 1
    const place = given.length === 1 ? {} : { part: index + 1, parts: given.length }
    return carried(stored, { type, data, schemaVersion, ...place })
  })
}

/** At run time a step can give anything. */
function checkPart(part: unknown, declared: KnownEvents['declared']): void {
  const { type, data } = (part ?? {}) as Partial<EventPart>
  if (type === undefined || !declared.has(type))
    throw new TypeError(
      `A step of a retired event gave one of type '${String(type)}'. Give events of declared types: ${[...declared.keys()].join(', ')}.`,
    )
  if (data === undefined || data instanceof Promise)
    throw new TypeError(`A step of a retired event gave '${type}' no data.`)
}

function checkKnown(stored: RecordedEvent, known: number): void {
  if (stored.schemaVersion > known)
    throw new NewerSchemaVersionError(stored, { stored: stored.schemaVersion, known })
}

function attempt<Result>(stored: RecordedEvent, work: (context: UpcastContext) => Result): Result {
  try {
    return work(new StoredContext(stored))
  } catch (cause) {
    throw new UpcastFailedError(stored, { cause })
  }
}

/** Metadata are parsed for those steps only that look at them. */
class StoredContext implements UpcastContext {
  readonly streamId: StreamId
  readonly #stored: RecordedEvent

  constructor(stored: RecordedEvent) {
    this.streamId = stored.streamId
    this.#stored = stored
  }

  get metadata(): EventMetadata {
    return this.#stored.metadata
  }
}

function carried(stored: RecordedEvent, upcast: UpcastEvent): RecordedEvent {
  if (stored instanceof DecodedEvent) return stored.carriedTo(upcast)
  const { streamId, version, position, id, metadata, occurredAt, recordedAt } = stored
  return { streamId, version, position, id, metadata, occurredAt, recordedAt, ...upcast }
}
