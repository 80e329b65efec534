import type { GeneratedCode } from './generated-code.ts'
import type { Expectation, WriteOutcome } from './log-event.ts'
import type { Messages } from './messages.ts'
import type { SharedPb, StreamsPb } from './protocol.ts'

/** The answers to an append: on the batch path errors are messages, on the classic path conflicts are messages and the rest is a status (facts 5). */
export class AppendReplies {
  readonly #code: GeneratedCode
  readonly #messages: Messages

  constructor(code: GeneratedCode, messages: Messages) {
    this.#code = code
    this.#messages = messages
  }

  batch(
    to: { readonly correlationId: SharedPb.UUID | undefined; readonly name: string },
    outcome:
      | WriteOutcome
      | { readonly kind: 'too-large'; readonly most: number }
      | { readonly kind: 'denied' },
    expected: Expectation,
  ): StreamsPb.BatchAppendResp {
    const { streams, shared } = this.#code
    const reply = new streams.BatchAppendResp()
      .setCorrelationId(to.correlationId)
      .setStreamIdentifier(this.#messages.identifier(to.name))
    switch (outcome.kind) {
      case 'written': {
        const position = outcome.position.toString()
        return reply.setSuccess(
          new streams.BatchAppendResp.Success()
            .setCurrentRevision(outcome.revision.toString())
            .setPosition(
              new shared.AllStreamPosition()
                .setCommitPosition(position)
                .setPreparePosition(position),
            ),
        )
      }
      case 'conflict':
        return reply.setError(
          this.#status('WrongExpectedVersion', this.#conflict(outcome.actual, expected)),
        )
      case 'deleted':
        return reply.setError(
          this.#status(
            'StreamDeleted',
            new shared.StreamDeleted().setStreamIdentifier(this.#messages.identifier(to.name)),
          ),
        )
      case 'denied':
        return reply.setError(this.#status('AccessDenied', new shared.AccessDenied()))
      case 'too-large':
        return reply.setError(
          this.#status(
            'MaximumAppendSizeExceeded',
            new shared.MaximumAppendSizeExceeded().setMaxappendsize(outcome.most),
          ),
        )
    }
  }

  batchFault(
    to: { readonly correlationId: SharedPb.UUID | undefined; readonly name: string },
    fault: 'timeout' | 'unknown',
  ): StreamsPb.BatchAppendResp {
    const { streams, shared } = this.#code
    return new streams.BatchAppendResp()
      .setCorrelationId(to.correlationId)
      .setStreamIdentifier(this.#messages.identifier(to.name))
      .setError(
        fault === 'timeout'
          ? this.#status('Timeout', new shared.Timeout())
          : this.#status('Unknown', new shared.Unknown()),
      )
  }

  classicConflict(actual: bigint | 'no_stream', expected: Expectation): StreamsPb.AppendResp {
    const { AppendResp } = this.#code.streams
    const { Empty } = this.#code.shared
    const conflict = new AppendResp.WrongExpectedVersion()
    if (actual === 'no_stream') conflict.setCurrentNoStream(new Empty())
    else conflict.setCurrentRevision(actual.toString())
    if (expected === 'any') conflict.setExpectedAny(new Empty())
    else if (expected === 'no_stream') conflict.setExpectedNoStream(new Empty())
    else if (expected === 'stream_exists') conflict.setExpectedStreamExists(new Empty())
    else conflict.setExpectedRevision(expected.toString())
    return new AppendResp().setWrongExpectedVersion(conflict)
  }

  classicSuccess(revision: bigint, position: bigint): StreamsPb.AppendResp {
    const { AppendResp } = this.#code.streams
    const text = position.toString()
    return new AppendResp().setSuccess(
      new AppendResp.Success()
        .setCurrentRevision(revision.toString())
        .setPosition(new AppendResp.Position().setCommitPosition(text).setPreparePosition(text)),
    )
  }

  #conflict(actual: bigint | 'no_stream', expected: Expectation): SharedPb.WrongExpectedVersion {
    const empty = (): InstanceType<GeneratedCode['empty']['Empty']> => new this.#code.empty.Empty()
    const conflict = new this.#code.shared.WrongExpectedVersion()
    if (actual === 'no_stream') conflict.setCurrentNoStream(empty())
    else conflict.setCurrentStreamRevision(actual.toString())
    if (expected === 'any') return conflict.setExpectedAny(empty())
    if (expected === 'no_stream') return conflict.setExpectedNoStream(empty())
    if (expected === 'stream_exists') return conflict.setExpectedStreamExists(empty())
    return conflict.setExpectedStreamPosition(expected.toString())
  }

  /** `google.rpc.Status` with an `Any` of the protocol's own error message (facts 5). */
  #status(name: string, message: { serializeBinary(): Uint8Array }) {
    const any = new this.#code.any.Any()
    any.pack(message.serializeBinary(), `event_store.client.${name}`)
    return new this.#code.status.Status()
      .setCode(this.#code.codes.Code.UNKNOWN)
      .setMessage(name)
      .setDetails(any)
  }
}
