import { randomUUID } from 'node:crypto'
import {
  AppendRacedError,
  EverfoldError,
  OutcomeUnknownError,
  WrongExpectedVersionError,
  type DomainEvent,
  type EventStore,
  type RecordedEvent,
} from '../../src/index.ts'
import { DatabaseUnavailableError } from '../../src/adapters/postgres/index.ts'
import { accountEvents } from '../domain/account.ts'

/** What a writer was told about one append. */
export interface Attempt {
  /** Name of the writer. */
  readonly writer: string
  /** Of its events, in their order. */
  readonly ids: readonly string[]
  /** Whether it was made at any version, so that nothing tells a repetition from the first time. */
  readonly isBlind: boolean
  readonly outcome: 'done' | 'refused' | 'unknown'
  /** Of the error, when it was not done. */
  readonly code?: string
  /** By the clock of the machine, which all its processes share. */
  readonly startedAtMs: number
  readonly endedAtMs: number
}

/** Deposits that name each other, so that a log shows by itself whether it holds all of them. */
export function deposits(count: number): {
  readonly ids: readonly string[]
  readonly events: readonly DomainEvent[]
} {
  const ids = Array.from({ length: count }, () => randomUUID())
  const events = ids.map((id) =>
    accountEvents.MoneyDeposited({ cents: 1 }, { id, metadata: { together: ids } }),
  )
  return { ids, events }
}

/**
 * Makes an attempt, and tells its outcome.
 *
 * @throws what no store may throw while its server is troubled.
 */
export async function attempt(
  about: Pick<Attempt, 'writer' | 'ids' | 'isBlind'>,
  append: () => Promise<unknown>,
): Promise<Attempt> {
  const startedAtMs = Date.now()
  const told = await append().then(() => ({ outcome: 'done' as const }), toldBy)
  return { ...about, ...told, startedAtMs, endedAtMs: Date.now() }
}

function toldBy(error: unknown): Pick<Attempt, 'outcome' | 'code'> {
  if (!EverfoldError.is(error)) throw error
  const { code } = error
  if (error instanceof OutcomeUnknownError) return { outcome: 'unknown', code }
  const isRefused =
    error instanceof WrongExpectedVersionError ||
    error instanceof AppendRacedError ||
    (error instanceof DatabaseUnavailableError && error.outcome === 'not-run')
  if (!isRefused) throw error
  return { outcome: 'refused', code }
}

/** Attempts that their store gave up although it could have repeated them until they were done. */
export function givenUp(attempts: readonly Attempt[]): readonly Attempt[] {
  return attempts.filter(
    ({ outcome, isBlind, code }) =>
      (outcome === 'unknown' && !isBlind) || code === 'DATABASE_UNAVAILABLE',
  )
}

/** Attempts of which the log says something else than their writer was told. */
export function wronglyTold(
  attempts: readonly Attempt[],
  log: readonly RecordedEvent[],
): readonly Attempt[] {
  const times = timesOf(log)
  const right = { done: [1], refused: [0], unknown: [0, 1] }
  return attempts.filter(({ ids, outcome }) => {
    const found = ids.map((id) => times.get(id) ?? 0)
    return !right[outcome].some((count) => found.every((each) => each === count))
  })
}

/** Events that are there twice, or without those that they were appended with. */
export function torn(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const times = timesOf(log)
  return log.filter(({ id, metadata }) => {
    const together = metadata['together'] ?? [id]
    return !(together as readonly string[]).every((each) => times.get(each) === 1)
  })
}

/** Events that do not follow the one before in their stream, or in the log. */
export function outOfOrder(log: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const versions = new Map<string, number>()
  let last = 0n
  return log.filter(({ streamId, version, position }) => {
    const previous = versions.get(streamId) ?? 0
    const isHigher = position > last
    versions.set(streamId, version)
    last = position
    return version !== previous + 1 || !isHigher
  })
}

export async function readLog(store: EventStore): Promise<readonly RecordedEvent[]> {
  const log: RecordedEvent[] = []
  for await (const { events } of store.readAll()) log.push(...events)
  return log
}

function timesOf(log: readonly RecordedEvent[]): ReadonlyMap<string, number> {
  const times = new Map<string, number>()
  for (const { id } of log) times.set(id, (times.get(id) ?? 0) + 1)
  return times
}
