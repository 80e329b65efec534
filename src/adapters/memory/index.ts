/**
 * Everfold in the memory of one process, for tests and trials.
 *
 * @module
 */
export { memoryEventStore, type MemoryEventStoreOptions } from './memory-event-store.ts'
export { MemoryCheckpoints } from './memory-checkpoints.ts'
export { MemoryReadModel } from './memory-read-model.ts'
export { MemoryReadModelStorage } from './memory-read-model-storage.ts'
export { memorySnapshotStore } from './memory-snapshot-store.ts'
