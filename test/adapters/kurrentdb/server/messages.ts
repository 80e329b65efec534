import type { GeneratedCode } from './generated-code.ts'
import type { LogEvent } from './log-event.ts'
import type { SharedPb, StreamsPb } from './protocol.ts'

/** Builds the messages that the server answers with. 64-bit numbers are decimal text in the generated code (facts 5). */
export class Messages {
  readonly #code: GeneratedCode
  readonly #tellsPositions: boolean

  /** @param options.tellsPositions in reads of streams, as servers do from 22.6 (facts 2.2); older ones send the greatest number. */
  constructor(code: GeneratedCode, { tellsPositions }: { readonly tellsPositions: boolean }) {
    this.#code = code
    this.#tellsPositions = tellsPositions
  }

  event(event: LogEvent, link?: LogEvent): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    const read = new ReadResp.ReadEvent()
    read.setEvent(this.#recorded(event))
    if (link !== undefined) read.setLink(this.#recorded(link))
    read.setCommitPosition((link ?? event).position.toString())
    return new ReadResp().setEvent(read)
  }

  /** A link whose target is gone: only the link comes (facts 2.2). */
  danglingLink(link: LogEvent): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    const read = new ReadResp.ReadEvent()
    read.setLink(this.#recorded(link))
    read.setCommitPosition(link.position.toString())
    return new ReadResp().setEvent(read)
  }

  /** A missing stream is a message, no error (facts 5). */
  streamNotFound(name: string): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    return new ReadResp().setStreamNotFound(
      new ReadResp.StreamNotFound().setStreamIdentifier(this.identifier(name)),
    )
  }

  confirmation(id: string): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    return new ReadResp().setConfirmation(
      new ReadResp.SubscriptionConfirmation().setSubscriptionId(id),
    )
  }

  checkpoint(position: bigint): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    const text = position.toString()
    return new ReadResp().setCheckpoint(
      new ReadResp.Checkpoint().setCommitPosition(text).setPreparePosition(text),
    )
  }

  caughtUp(): StreamsPb.ReadResp {
    const { ReadResp } = this.#code.streams
    return new ReadResp().setCaughtUp(new ReadResp.CaughtUp())
  }

  identifier(name: string): SharedPb.StreamIdentifier {
    return new this.#code.shared.StreamIdentifier().setStreamName(Buffer.from(name))
  }

  #recorded(event: LogEvent): StreamsPb.ReadResp.ReadEvent.RecordedEvent {
    const { ReadResp } = this.#code.streams
    const position = this.#tellsPositions ? event.position.toString() : String(2n ** 64n - 1n)
    const recorded = new ReadResp.ReadEvent.RecordedEvent()
      .setId(new this.#code.shared.UUID().setString(event.id))
      .setStreamIdentifier(this.identifier(event.stream))
      .setStreamRevision(event.revision.toString())
      .setCommitPosition(position)
      .setPreparePosition(position)
      .setData(event.data)
      .setCustomMetadata(event.metadata)
    const metadata = recorded.getMetadataMap()
    metadata.set('type', event.type)
    metadata.set('content-type', event.contentType)
    metadata.set('created', event.createdTicks.toString())
    return recorded
  }
}

/** Name in a stream identifier. */
export function nameIn(identifier: SharedPb.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8')
}
