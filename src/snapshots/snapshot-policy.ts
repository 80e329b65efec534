/** Decides after each append whether a snapshot is taken. A function, so that you can write your own. */
export type SnapshotPolicy<State = unknown> = (occasion: SnapshotOccasion<State>) => boolean

/** What a policy decides by. */
export interface SnapshotOccasion<State> {
  /** After the append. */
  readonly state: State
  /** Version of the stream after the append. */
  readonly version: number
  /** Events since the snapshot that the load began with, or since the beginning of the stream. */
  readonly eventsSinceSnapshot: number
}

/**
 * Takes a snapshot when a load had to fold `count` events or more, counted with those just appended.
 *
 * @throws {TypeError} `count` is no whole number from 1.
 */
export function everyEvents<State = unknown>(count: number): SnapshotPolicy<State> {
  if (!Number.isInteger(count) || count < 1)
    throw new TypeError(`everyEvents(${count}) is no policy. Use a whole number from 1.`)
  return ({ eventsSinceSnapshot }) => eventsSinceSnapshot >= count
}

/** Takes a snapshot after each append that ends in such a state, e.g. `whenState((account: Account) => account.status === 'closed')`. */
export function whenState<State>(predicate: (state: State) => boolean): SnapshotPolicy<State> {
  return ({ state }) => predicate(state)
}

/** Takes a snapshot when one of the policies would. */
export function or<State>(...policies: readonly SnapshotPolicy<State>[]): SnapshotPolicy<State> {
  return (occasion) => policies.some((policy) => policy(occasion))
}
