import { EverfoldError } from '../errors.ts'
import type { ExpectedVersion } from './expected-version.ts'
import type { StreamId } from './stream-id.ts'

/** The stream is not at the version that the append expects: another writer was first. Nothing was written. */
export class WrongExpectedVersionError extends EverfoldError {
  readonly code = 'WRONG_EXPECTED_VERSION'
  readonly retryable = true
  readonly streamId: StreamId
  readonly expected: ExpectedVersion
  /** Version of the stream's last event; 0 = unwritten. */
  readonly actual: number

  constructor(
    streamId: StreamId,
    versions: {
      readonly expected: ExpectedVersion
      readonly actual: number
      /** How many of the append's events stand at their place already, fewer than all. Default 0. */
      readonly overlap?: number
    },
    options?: ErrorOptions,
  ) {
    const { expected, actual, overlap = 0 } = versions
    const remedy =
      overlap > 0
        ? `${overlap} of the events are there already, by their ids: an append of these and others was written before. Give each append ids of its own.`
        : 'Load it again and retry the command.'
    super(`Stream '${streamId}' is at version ${actual}, expected ${expected}. ${remedy}`, options)
    this.streamId = streamId
    this.expected = expected
    this.actual = actual
  }
}
