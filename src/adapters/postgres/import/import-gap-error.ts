import { EverfoldError } from '../../../errors.ts'
import type { StreamId } from '../../../event-store/stream-id.ts'

/** An imported event would leave a gap in its stream. Nothing of its chunk was written; the chunks before it were. */
export class ImportGapError extends EverfoldError {
  readonly code = 'IMPORT_GAP'
  readonly retryable = false
  readonly streamId: StreamId
  /** Version of the imported event. */
  readonly version: number
  /** Version that comes next in the stream. */
  readonly expected: number

  constructor(
    place: { readonly streamId: StreamId; readonly version: number },
    expected: number,
    options?: ErrorOptions,
  ) {
    const { streamId, version } = place
    super(
      `An imported event of stream '${streamId}' has version ${version}, and ${expected} is expected. Give the events of each stream in the order of their versions, without gaps; then import again: what was written is skipped.`,
      options,
    )
    this.streamId = streamId
    this.version = version
    this.expected = expected
  }
}
