import { encodeExactJson } from '../event-store/json-value.ts'
import { NotJsonError } from '../event-store/not-json-error.ts'
import { firstDifference } from './first-difference.ts'
import { SnapshotStateError } from './snapshot-state-error.ts'
import type { Snapshotted } from './snapshotted.ts'

/** Writes states as JSON text, and reads them. */
export class StateCodec {
  /** Aggregates of which a state has come back as it was. */
  readonly #checked = new WeakSet<object>()

  /** @throws {SnapshotStateError} the state would not come back as it was. */
  encode<State>(aggregate: Snapshotted<State>, state: State): string {
    const { events, snapshot } = aggregate
    const text = this.#exact(events.category, snapshot?.toJson ? snapshot.toJson(state) : state)
    if (snapshot?.fromJson !== undefined && !this.#checked.has(aggregate)) {
      const difference = firstDifference(state, this.decode(aggregate, text))
      if (difference !== undefined)
        throw new SnapshotStateError(events.category, {
          path: difference.path,
          problem: 'does not come back from toJson and fromJson as it was',
        })
      this.#checked.add(aggregate)
    }
    return text
  }

  decode<State>({ snapshot }: Snapshotted<State>, text: string): State {
    const json: unknown = JSON.parse(text)
    return snapshot?.fromJson === undefined ? (json as State) : snapshot.fromJson(json as never)
  }

  #exact(category: string, json: unknown): string {
    try {
      return encodeExactJson(json, 'state')
    } catch (error) {
      if (!(error instanceof NotJsonError)) throw error
      const path = error.path.replace(/^state\.?/, '')
      throw new SnapshotStateError(category, { path, problem: error.problem }, { cause: error })
    }
  }
}
