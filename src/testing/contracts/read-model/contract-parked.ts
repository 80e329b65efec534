import { streamId } from '../../../event-store/stream-id.ts'
import type { ParkedEvent } from '../../../projections/read-model-storage.ts'
import { at } from './contract-document.ts'

/** An event that was set aside because its row threw. */
export const parkedEvent = (key: string, position: bigint | number): ParkedEvent => ({
  ...behind(key, position),
  error: `Row 'MoneyDeposited' threw at ${position}.`,
})

/** An event that waits behind an earlier one of its key. */
export const behind = (key: string, position: bigint | number): ParkedEvent => ({
  key,
  position: at(position),
  streamId: streamId('account', 'Zoë-42'),
  version: 7,
  error: undefined,
  discarded: undefined,
})
