import type { RecordedEvent } from '../../event-store/recorded-event.ts'
import { checkLanes, type Placement, type Registration } from '../registration.ts'
import type { Checkpoints } from './checkpoints.ts'
import { ReactionWork } from './reaction-work.ts'
import type { Reaction } from './reaction.ts'

/** How a reaction is run: in how many lanes, fixed when it first starts, and what becomes of an event whose row throws. */
export type ReactionPlacement = Pick<Placement, 'lanes' | 'onFailure'>

/**
 * Says where a reaction keeps how far it is.
 *
 * ```ts
 * new ProjectionRunner({ store, projections: [react(sendReceipts).with(new PostgresCheckpoints({ database }))] })
 * ```
 *
 * Each lane runs it for one event after the other; several lanes, in one process or many, run it for events of different keys at the same time.
 *
 * @throws {RangeError} `lanes` is not a whole number from 1 to 64.
 */
export function react<Event extends RecordedEvent>(
  reaction: Reaction<Event>,
): { with(checkpoints: Checkpoints, placement?: ReactionPlacement): Registration } {
  const { name, startAt } = reaction
  return {
    with: (checkpoints, placement = {}) => {
      checkLanes(placement.lanes)
      return {
        name,
        use: (user) =>
          user<never, Event>({
            definition: reaction,
            storage: checkpoints.storageOf(name),
            placement,
            makeWork: (lane) => new ReactionWork(reaction, lane),
            fold: undefined,
            startAt,
            isNarrowed: false,
          }),
      }
    },
  }
}
