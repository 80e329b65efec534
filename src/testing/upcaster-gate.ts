import { AssertionError } from 'node:assert/strict'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  declaredEvents,
  retiredEvents,
  upcastEvent,
  type AnyEventCatalog,
} from '../event-store/event-catalog.ts'
import { globalPosition } from '../event-store/global-position.ts'
import { encodeJson } from '../event-store/json-value.ts'
import type { DomainEvent, EventMetadata, RecordedEvent } from '../index.ts'
import { streamId } from '../event-store/stream-id.ts'

export interface UpcasterGateOptions {
  /** Events of today, as the catalog makes them: what is written for types that have no fixture of their current schema version yet. */
  readonly samples?: readonly DomainEvent[] | undefined
  /** Writes such fixtures instead of failing. Default: whether the environment variable `EVERFOLD_FIXTURES` is `write`. */
  readonly write?: boolean | undefined
}

/**
 * Shows that events of every shape that was ever stored can still be read. A folder holds one of each type and schema version, `<type>.v<version>.json`:
 * `{ "data": ..., "metadata": ..., "id": ... }`, of which only `data` must be there; `id` is that of the stream. All are carried on by the catalog, twice,
 * and checked by its validators.
 *
 * Fixtures are never changed: what was stored stays stored. Run with `EVERFOLD_FIXTURES=write`, it writes those that are missing of current schema
 * versions, from `samples`. For an older version, take the data of a stored event.
 *
 * ```ts
 * test('events of all times can be read', () =>
 *   upcasterGate(accountEvents, 'test/fixtures/account', { samples: [accountEvents.MoneyDeposited({ cents: 5 })] }))
 * ```
 *
 * @throws {AssertionError} a fixture is missing, or of no known type and version, or cannot be carried on; it names all such, and what to do.
 */
export async function upcasterGate(
  catalog: AnyEventCatalog,
  fixturesFolder: string,
  options: UpcasterGateOptions = {},
): Promise<void> {
  const { samples = [], write = process.env['EVERFOLD_FIXTURES'] === 'write' } = options
  const wanted = fixturesOf(catalog)
  if (write) await writeMissing({ catalog, fixturesFolder, samples, wanted })
  const found = new Set(await namesIn(fixturesFolder))
  const problems: string[] = []
  for (const [name, fixture] of wanted)
    problems.push(
      ...(found.has(name)
        ? await replay(catalog, join(fixturesFolder, name), fixture)
        : [remedy(join(fixturesFolder, name), fixture)]),
    )
  for (const name of found)
    if (!wanted.has(name))
      problems.push(
        `${join(fixturesFolder, name)} is of no type and schema version that catalog '${catalog.category}' knows. Events of it may be stored: retire its type, do not forget it.`,
      )
  if (problems.length > 0)
    throw new AssertionError({
      message: `Events of '${catalog.category}' do not pass the upcaster gate:\n- ${problems.join('\n- ')}`,
    })
}

interface Fixture {
  readonly type: string
  readonly schemaVersion: number
  /** Whether the catalog still makes such events. */
  readonly isCurrent: boolean
}

/** One for each type and schema version that the catalog can read, by the name of its file. */
function fixturesOf(catalog: AnyEventCatalog): ReadonlyMap<string, Fixture> {
  const declared = [...declaredEvents(catalog)].flatMap(([type, { chain }]) =>
    versions(chain.version).map((schemaVersion) => {
      const isCurrent = schemaVersion === chain.version
      return { type, schemaVersion, isCurrent }
    }),
  )
  // Of a renamed type nobody knows how far its versions had come: the first is there for certain.
  const retired = [...retiredEvents(catalog)].flatMap(([type, each]) =>
    versions('parts' in each ? each.parts.version : 1).map((schemaVersion) => ({
      type,
      schemaVersion,
      isCurrent: false,
    })),
  )
  return new Map([...declared, ...retired].map((fixture) => [nameOf(fixture), fixture]))
}

const versions = (last: number): readonly number[] =>
  Array.from({ length: last }, (_, index) => index + 1)

const nameOf = ({ type, schemaVersion }: Omit<Fixture, 'isCurrent'>): string =>
  `${encodeURIComponent(type)}.v${schemaVersion}.json`

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith('.json'))
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return []
    throw error
  }
}

function remedy(file: string, { type, schemaVersion, isCurrent }: Fixture): string {
  const missing = `${file} is missing: events '${type}' of schema version ${schemaVersion} are stored, or soon will be.`
  return isCurrent
    ? `${missing} Give the gate a sample of it, and write it by running this test with EVERFOLD_FIXTURES=write, e.g. EVERFOLD_FIXTURES=write npm test`
    : `${missing} Write it from the data of a stored event, e.g. echo '{ "data": { ... } }' > ${file}`
}

async function writeMissing({
  catalog,
  fixturesFolder,
  samples,
  wanted,
}: {
  readonly catalog: AnyEventCatalog
  readonly fixturesFolder: string
  readonly samples: readonly DomainEvent[]
  readonly wanted: ReadonlyMap<string, Fixture>
}): Promise<void> {
  const found = new Set(await namesIn(fixturesFolder))
  await mkdir(fixturesFolder, { recursive: true })
  for (const { type, data, metadata } of samples) {
    const schemaVersion = declaredEvents(catalog).get(type)?.chain.version ?? 0
    const name = nameOf({ type, schemaVersion })
    if (!wanted.has(name) || found.has(name)) continue
    encodeJson(data, `sample of '${type}'`)
    await writeFile(
      join(fixturesFolder, name),
      `${JSON.stringify({ data, ...(metadata && { metadata }) }, null, 2)}\n`,
    )
    found.add(name)
  }
}

/** What is wrong with a fixture. */
async function replay(
  catalog: AnyEventCatalog,
  file: string,
  fixture: Fixture,
): Promise<readonly string[]> {
  try {
    const text = await readFile(file, 'utf8')
    const once = upcastEvent(catalog, storedOf(catalog, text, fixture))
    const twice = upcastEvent(catalog, storedOf(catalog, text, fixture))
    if (!isDeepStrictEqual(once, twice))
      return [
        `${file} was carried on to two different results. Upcasters depend on nothing but the stored event.`,
      ]
    return once.flatMap((event) => objectionsTo(catalog, event).map((each) => `${file} ${each}`))
  } catch (error) {
    const { message, cause } = error as Error
    const reason = cause instanceof Error ? ` (${cause.message})` : ''
    return [`${file} cannot be read: ${message}${reason}`]
  }
}

function storedOf(
  catalog: AnyEventCatalog,
  text: string,
  { type, schemaVersion }: Fixture,
): RecordedEvent {
  const stored = JSON.parse(text) as Partial<Stored> | null
  if (stored?.data === undefined)
    throw new TypeError('It must be an object with the stored event as { "data": ... }.')
  const { data, metadata = {}, id = 'fixture' } = stored
  return {
    streamId: streamId(catalog.category, id),
    version: 1,
    position: globalPosition(1),
    id: '00000000-0000-7000-8000-000000000000',
    type,
    data,
    schemaVersion,
    metadata,
    occurredAt: new Date(0),
    recordedAt: new Date(0),
  }
}

interface Stored {
  readonly data: unknown
  readonly metadata: EventMetadata
  readonly id: string
}

function objectionsTo(catalog: AnyEventCatalog, { type, data }: RecordedEvent): readonly string[] {
  encodeJson(data, `'${type}'`)
  const result = declaredEvents(catalog).get(type)?.schema?.['~standard'].validate(data)
  if (result === undefined || result instanceof Promise || result.issues === undefined) return []
  const issues = result.issues.map(({ message }) => message).join('; ')
  return [`is carried on to a '${type}' that its validator refuses: ${issues}`]
}
