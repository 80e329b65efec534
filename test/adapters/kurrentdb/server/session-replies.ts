import type { ServiceError } from '@grpc/grpc-js'
import type { MultiWriteOutcome, StreamCheck, Violation } from './event-log.ts'
import type { GeneratedCode, SecondVersion } from './generated-code.ts'
import type { Expectation } from './log-event.ts'

type Written = Extract<MultiWriteOutcome, { readonly kind: 'written' }>

/** The answers to appends to several streams: each refusal is a status with an error message in its details (facts 2.6). */
export class SessionReplies {
  readonly #code: GeneratedCode
  readonly #second: SecondVersion

  constructor(code: GeneratedCode, second: SecondVersion) {
    this.#code = code
    this.#second = second
  }

  session({ revisions, position }: Written): unknown {
    const { AppendResponse, AppendSessionResponse } = this.#second.streams
    const output = [...revisions].map(([name, revision]) =>
      new AppendResponse().setStream(name).setStreamRevision(String(revision)),
    )
    return new AppendSessionResponse().setOutputList(output).setPosition(String(position))
  }

  records({ revisions, position }: Written): unknown {
    const { AppendRecordsResponse, StreamRevision } = this.#second.streams
    const list = [...revisions].map(([name, revision]) =>
      new StreamRevision().setStream(name).setRevision(String(revision)),
    )
    return new AppendRecordsResponse().setRevisionsList(list).setPosition(String(position))
  }

  /** Only the first stream that was not as expected is named. */
  conflict([violation]: readonly Violation[]): Partial<ServiceError> {
    const { name, expected, actual } = violation as Violation
    const { errors } = this.#second
    if (actual === 'tombstoned')
      return this.#status(
        'FAILED_PRECONDITION',
        'StreamTombstonedErrorDetails',
        new errors.StreamTombstonedErrorDetails().setStream(name),
      )
    const details = new errors.StreamRevisionConflictErrorDetails()
      .setStream(name)
      .setExpectedRevision(expectedNumber(expected))
      .setActualRevision(actual === 'soft-deleted' ? '-1' : actualNumber(actual))
    return this.#status('FAILED_PRECONDITION', 'StreamRevisionConflictErrorDetails', details)
  }

  violations(
    violations: readonly Violation[],
    checks: readonly StreamCheck[],
  ): Partial<ServiceError> {
    const { errors } = this.#second
    const list = violations.map(({ name, expected, actual }) =>
      new errors.ConsistencyViolation()
        .setCheckIndex(checks.findIndex((check) => check.name === name))
        .setStreamState(
          new errors.ConsistencyViolation.StreamStateViolation()
            .setStream(name)
            .setExpectedState(expectedNumber(expected))
            .setActualState(actualNumber(actual)),
        ),
    )
    const details = new errors.AppendConsistencyViolationErrorDetails().setViolationsList(list)
    return this.#status('FAILED_PRECONDITION', 'AppendConsistencyViolationErrorDetails', details)
  }

  tooLarge(size: number, most: number): Partial<ServiceError> {
    const { AppendTransactionSizeExceededErrorDetails: Details } = this.#second.errors
    const details = new Details().setSize(size).setMaxSize(most)
    return this.#status('ABORTED', 'AppendTransactionSizeExceededErrorDetails', details)
  }

  streamTwice(name: string): Partial<ServiceError> {
    const { StreamAlreadyInAppendSessionErrorDetails: Details } = this.#second.errors
    const details = new Details().setStream(name)
    return this.#status('ABORTED', 'StreamAlreadyInAppendSessionErrorDetails', details)
  }

  noRecords(): Partial<ServiceError> {
    const { INVALID_ARGUMENT: code } = this.#code.grpc.status
    return { code, details: 'An append request has no records.' }
  }

  denied(): Partial<ServiceError> {
    return { code: this.#code.grpc.status.UNAUTHENTICATED, details: 'Access Denied' }
  }

  #status(
    code: 'FAILED_PRECONDITION' | 'ABORTED',
    name: string,
    message: { serializeBinary(): Uint8Array },
  ): Partial<ServiceError> {
    const { grpc, any, status } = this.#code
    const details = new any.Any()
    details.pack(message.serializeBinary(), `kurrentdb.protocol.v2.streams.errors.${name}`)
    const rich = new status.Status().setMessage(name).setDetails(details)
    const metadata = new grpc.Metadata()
    metadata.set('grpc-status-details-bin', Buffer.from(rich.serializeBinary()))
    return { code: grpc.status[code], details: name, metadata }
  }
}

function expectedNumber(expected: Expectation): string {
  if (typeof expected === 'bigint') return String(expected)
  return { no_stream: '-1', any: '-2', stream_exists: '-4' }[expected]
}

/** Facts 2.6: what stands for a stream that is not there any more. */
function actualNumber(actual: Violation['actual']): string {
  if (typeof actual === 'bigint') return String(actual)
  return { no_stream: '-1', 'soft-deleted': '-5', tombstoned: '-6' }[actual]
}
