import type { CommandOutcome } from '../../event-store/event-reader.ts'
import type { AppendVerdict, StorageAppend, StreamRange } from '../../event-store/event-storage.ts'
import type { ExpectedVersion } from '../../event-store/expected-version.ts'
import type { StoredEvent } from '../../event-store/stored-event.ts'

/** The events of one stream and the commands that wrote them. Version N is the Nth event. */
export class MemoryStream {
  readonly #events: StoredEvent[] = []
  readonly #commands = new Map<string, CommandOutcome>()

  get version(): number {
    return this.#events.length
  }

  /** Judges an append by ids, command and version, in this order; undefined: it is to be written. */
  verdictOn(append: StorageAppend): AppendVerdict | undefined {
    const first = this.#firstOutcome(append)
    if (first !== undefined) return first
    const command = this.findCommand(append.commandId)
    if (command !== undefined) return { status: 'command-repeated', ...command }
    if (isMet(append.expectedVersion, this.version)) return undefined
    const overlap = this.#found(append).length
    return { status: 'wrong-version', actual: this.version, overlap }
  }

  page({ fromVersion, toVersion, direction, limit }: StreamRange): readonly StoredEvent[] {
    const first = Math.max(fromVersion, 1) - 1
    const end = Math.min(toVersion ?? this.version, this.version)
    return direction === 'forwards'
      ? this.#events.slice(first, Math.min(end, first + limit))
      : this.#events.slice(Math.max(first, end - limit), Math.max(end, 0)).reverse()
  }

  push(event: StoredEvent): void {
    this.#events.push(event)
  }

  /** Keeps a command with the event pushed last. */
  rememberCommand(commandId: string): void {
    const last = this.#events.at(-1)
    if (last !== undefined)
      this.#commands.set(commandId, { version: last.version, position: last.position })
  }

  findCommand(commandId: string | undefined): CommandOutcome | undefined {
    return commandId === undefined ? undefined : this.#commands.get(commandId)
  }

  /** The outcome of an earlier append of exactly these events at exactly this place. */
  #firstOutcome(append: StorageAppend): AppendVerdict | undefined {
    const found = this.#found(append)
    const last = found.at(-1)
    if (last === undefined || found.length < append.events.length) return undefined
    return {
      status: 'appended',
      version: last.version,
      positions: found.map(({ position }) => position),
      recordedAtMs: last.recordedAtMs,
    }
  }

  /** The events of an append that stand at their place already. */
  #found({ events, expectedVersion }: StorageAppend): readonly StoredEvent[] {
    const base = expectedVersion === 'no-stream' ? 0 : expectedVersion
    if (typeof base !== 'number') return []
    const place = this.#events.slice(base, base + events.length)
    return place.filter(({ id }, index) => id === events[index]?.id)
  }
}

function isMet(expected: ExpectedVersion, version: number): boolean {
  switch (expected) {
    case 'any':
      return true
    case 'no-stream':
      return version === 0
    case 'stream-exists':
      return version > 0
    default:
      return version === expected
  }
}
