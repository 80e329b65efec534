import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { DomainEvent } from './domain-event.ts'
import { declaredEvents, retiredEvents, type AnyEventCatalog } from './event-catalog.ts'
import { EventDataRefusedError } from './event-data-refused-error.ts'
import { isVersion } from './expected-version.ts'
import type { ImportedEvent, ImportedEventToStore } from './imported-event.ts'
import { InvalidEventError } from './invalid-event-error.ts'
import { InvalidVersionError } from './invalid-version-error.ts'
import { encodeJson } from './json-value.ts'
import { NewerSchemaVersionError } from './newer-schema-version-error.ts'
import type { EventToStore } from './stored-event.ts'
import { categoryOf, parseStreamId, type StreamId } from './stream-id.ts'
import { UnknownEventTypeError } from './unknown-event-type-error.ts'
import type { DeclaredEvent } from './upcast-event.ts'

/** Checks events against their catalog and encodes them, before anything is sent. */
export class EventEncoder {
  readonly #catalogs: ReadonlyMap<string, AnyEventCatalog>
  readonly #newId: () => string

  constructor(catalogs: ReadonlyMap<string, AnyEventCatalog>, newId: () => string) {
    this.#catalogs = catalogs
    this.#newId = newId
  }

  encode(streamId: StreamId, event: DomainEvent, commandId: string | undefined): EventToStore {
    const { type, occurredAt } = event
    const { chain, schema } = this.#declared(streamId, type)
    const data = encodeJson(event.data, 'data')
    if (schema !== undefined) validate(schema, streamId, event)
    checkOccurredAt(event)
    return {
      id: checkId(event) ?? this.#newId(),
      type,
      schemaVersion: chain.version,
      data,
      metadata: encodeMetadata(event, { root: 'metadata', commandId }),
      occurredAtMs: occurredAt?.getTime(),
    }
  }

  /** Encodes an event that has its id and its place already. Data of an older shape is not validated: the validator knows the current one. */
  encodeImported(event: ImportedEvent): ImportedEventToStore {
    const { streamId, version, type, occurredAt } = event
    parseStreamId(streamId)
    checkPlace('version', version)
    const { known, schema } = this.#known(streamId, type)
    const { schemaVersion = known } = event
    checkPlace('schemaVersion', schemaVersion)
    if (schemaVersion > known)
      throw new NewerSchemaVersionError(event, { stored: schemaVersion, known })
    const place = `${streamId} at version ${version}`
    const data = encodeJson(event.data, `${place}: data`)
    if (schema !== undefined && schemaVersion === known) validate(schema, streamId, event)
    checkOccurredAt(event)
    return {
      streamId,
      version,
      id: checkImportedId(event, place),
      type,
      schemaVersion,
      data,
      metadata: encodeMetadata(event, { root: `${place}: metadata` }),
      occurredAtMs: occurredAt?.getTime(),
    }
  }

  /** A history may hold types that are retired. */
  #known(
    streamId: StreamId,
    type: string,
  ): { readonly known: number; readonly schema: StandardSchemaV1 | undefined } {
    const catalog = this.#catalogs.get(categoryOf(streamId))
    const retired = catalog && retiredEvents(catalog).get(type)
    if (retired !== undefined && 'parts' in retired)
      return { known: retired.parts.version, schema: undefined }
    const { chain, schema } = this.#declared(streamId, retired?.renamedTo ?? type)
    return { known: chain.version, schema }
  }

  #declared(streamId: StreamId, type: string): DeclaredEvent {
    const catalog = this.#catalogs.get(categoryOf(streamId))
    const declared = catalog && declaredEvents(catalog).get(type)
    if (declared !== undefined) return declared
    throw new UnknownEventTypeError(streamId, {
      type,
      known: catalog ? [...declaredEvents(catalog).keys()] : [],
    })
  }
}

/** The first moment that PostgreSQL can keep: 4713 BC. */
const EARLIEST_MS = Date.UTC(-4712, 0, 1)

function checkOccurredAt({
  type,
  occurredAt,
}: {
  readonly type: string
  readonly occurredAt?: unknown
}): void {
  if (occurredAt === undefined) return
  const time =
    occurredAt instanceof Date || isDateOfAnotherRealm(occurredAt)
      ? occurredAt.getTime()
      : Number.NaN
  if (Number.isNaN(time)) throw new InvalidEventError(type, 'its occurredAt is no valid Date')
  if (time < EARLIEST_MS) throw new InvalidEventError(type, 'its occurredAt is before 4713 BC')
}

function isDateOfAnotherRealm(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]'
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function checkId({ id, type }: DomainEvent): string | undefined {
  if (id === undefined || UUID.test(id)) return id?.toLowerCase()
  throw new InvalidEventError(type, `its id '${id}' is no UUID; leave it out to get a new one`)
}

const UPPER_CASE = /[A-F]/

function checkImportedId({ id, type }: ImportedEvent, place: string): string {
  if (UUID.test(id)) return UPPER_CASE.test(id) ? id.toLowerCase() : id
  throw new InvalidEventError(
    type,
    `its id '${id}' (${place}) is no UUID; give each event one that is the same whenever it is imported`,
  )
}

/** Versions count from 1, those of a stream and those of a shape. */
function checkPlace(name: string, value: number): void {
  if (!isVersion(value) || value === 0)
    throw new InvalidVersionError(name, value, 'a whole number from 1')
}

function encodeMetadata(
  { type, metadata = {} }: Pick<DomainEvent, 'type' | 'metadata'>,
  { root, commandId }: { readonly root: string; readonly commandId?: string | undefined },
): string {
  const given: unknown = metadata
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new InvalidEventError(type, 'its metadata is no object')
  return encodeJson(commandId === undefined ? metadata : { ...metadata, commandId }, root)
}

function validate(schema: StandardSchemaV1, streamId: StreamId, { type, data }: DomainEvent): void {
  const result = schema['~standard'].validate(data)
  if (result instanceof Promise) {
    result.catch(() => undefined) // its verdict comes too late to matter
    throw new TypeError(`The validator of '${type}' is asynchronous. Use one that answers at once.`)
  }
  if (result.issues === undefined) return
  throw new EventDataRefusedError(streamId, { type, issues: result.issues.map(describe) })
}

function describe({ message, path = [] }: StandardSchemaV1.Issue): string {
  const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return place === '' ? message : `${place}: ${message}`
}
