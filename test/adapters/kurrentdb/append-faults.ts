import type { Fault } from './server/faults.ts'

/** What can become of an append, and how many of its events are written then. */
export const APPEND_FAULTS: readonly (readonly [string, Fault, number])[] = [
  ['dropped before it was written', { kind: 'drop' }, 0],
  ['dropped after it was written', { kind: 'drop', after: 'written' }, 1],
  ['never answered, and not written', { kind: 'silence' }, 0],
  ['never answered, and written', { kind: 'silence', after: 'written' }, 1],
  ['too late for the server, and not written', { kind: 'timeout' }, 0],
  ['too late for the server, and written', { kind: 'timeout', after: 'written' }, 1],
  ['unknown to the server, and not written', { kind: 'unknown' }, 0],
  ['unknown to the server, and written', { kind: 'unknown', after: 'written' }, 1],
]
