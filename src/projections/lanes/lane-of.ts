import { partOf } from '../../event-store/stream-partition.ts'

/** The lane of a key, from 0: where keys are stream ids, the log can be read lane by lane. It decides which record guards a document, so it never changes. */
export const laneOf: (key: string, lanes: number) => number = partOf
