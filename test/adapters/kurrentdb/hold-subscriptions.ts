import type {
  KurrentResolvedEvent,
  KurrentSubscription,
} from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import type { TestClient } from './test-client.ts'

/**
 * Lets nobody take the events of a client's subscriptions until something has happened: they wait in the client's buffers. Checkpoints are not told.
 *
 * @param happened called with each subscription before anybody listens to it.
 */
export function holdSubscriptions(
  client: TestClient,
  happened: (subscription: KurrentSubscription) => Promise<unknown>,
): void {
  const subscribe = client.subscribeToAll.bind(client)
  client.subscribeToAll = (options) => {
    const filter = { ...options.filter, checkpointReached: async () => undefined }
    const subscription = subscribe({ ...options, filter })
    const held = happened(subscription)
    const iterate = subscription[Symbol.asyncIterator].bind(subscription)
    async function* events(): AsyncGenerator<KurrentResolvedEvent, undefined> {
      await held
      yield* { [Symbol.asyncIterator]: iterate }
      return undefined
    }
    subscription[Symbol.asyncIterator] = events
    return subscription
  }
}
