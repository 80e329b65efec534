import type { sendUnaryData, ServerDuplexStream, ServerReadableStream } from '@grpc/grpc-js'
import type { AppendReplies } from './append-replies.ts'
import type { EventLog } from './event-log.ts'
import { statusOf, withTrailers, type Fault, type Faults } from './faults.ts'
import type { GeneratedCode } from './generated-code.ts'
import type { Expectation, ProposedEvent, WriteOutcome } from './log-event.ts'
import { nameIn } from './messages.ts'
import type { SharedPb, StreamsPb } from './protocol.ts'
import { streamDeleted } from './read-calls.ts'

export interface AppendService {
  readonly log: EventLog
  readonly code: GeneratedCode
  readonly replies: AppendReplies
  readonly faults: Faults
  /** Bytes of data and metadata in one append (facts 2.1). */
  readonly maxAppendSize: number
  readonly deniesAppends: boolean
}

type BatchCall = ServerDuplexStream<StreamsPb.BatchAppendReq, StreamsPb.BatchAppendResp>

/** Answers one duplex call of many appends, each told apart by its correlation id and made of chunks (facts 2.1). */
export function answerBatchAppends(call: BatchCall, service: AppendService): void {
  const unfinished = new Map<string, Chunked>()
  call.on('data', (request: StreamsPb.BatchAppendReq) => {
    const id = request.getCorrelationId()?.getString() ?? ''
    const append = unfinished.get(id) ?? { options: request.getOptions(), events: [] }
    append.events.push(...request.getProposedMessagesList().map(proposed))
    unfinished.set(id, append)
    if (!request.getIsFinal()) return
    unfinished.delete(id)
    void answerBatch(call, { ...append, correlationId: request.getCorrelationId() }, service)
  })
  call.on('end', () => {
    call.end()
  })
}

interface Chunked {
  readonly options: StreamsPb.BatchAppendReq.Options | undefined
  readonly events: ProposedEvent[]
}

async function answerBatch(
  call: BatchCall,
  append: Chunked & { readonly correlationId: SharedPb.UUID | undefined },
  service: AppendService,
): Promise<void> {
  const { options, events, correlationId } = append
  const name = nameIn(options?.getStreamIdentifier())
  const fault = service.faults.take('batch-append')
  const fail = (): void => {
    const status = statusOf(fault, service.code)
    if (fault?.kind === 'end') call.end()
    else if (fault?.kind === 'timeout' || fault?.kind === 'unknown')
      call.write(service.replies.batchFault({ correlationId, name }, fault.kind))
    else if (status !== undefined) call.emit('error', Object.assign(new Error(), status))
  }
  if (await isLost(fault, fail)) return
  const expected = batchExpectation(options)
  const outcome = write({ name, expected, events }, service)
  if (isLostAfter(fault, fail)) return
  call.write(service.replies.batch({ correlationId, name }, outcome, expected))
}

/** Answers one append per call, as old servers know it (facts 2.1). */
export function answerAppend(
  call: ServerReadableStream<StreamsPb.AppendReq, StreamsPb.AppendResp>,
  callback: sendUnaryData<StreamsPb.AppendResp>,
  service: AppendService,
): void {
  const requests: StreamsPb.AppendReq[] = []
  call.on('data', (request: StreamsPb.AppendReq) => requests.push(request))
  call.on('end', () => {
    void answerClassic(requests, callback, service)
  })
}

async function answerClassic(
  requests: readonly StreamsPb.AppendReq[],
  callback: sendUnaryData<StreamsPb.AppendResp>,
  service: AppendService,
): Promise<void> {
  const { code, replies, faults } = service
  const fault = faults.take('append')
  const fail = (): void => {
    const status = statusOf(fault, code)
    if (status !== undefined) callback(status)
  }
  if (await isLost(fault, fail)) return
  const options = requests[0]?.getOptions()
  const name = nameIn(options?.getStreamIdentifier())
  const expected = classicExpectation(options)
  const events = requests
    .slice(1)
    .map((request) => proposed(request.getProposedMessage() as StreamsPb.AppendReq.ProposedMessage))
  const outcome = write({ name, expected, events }, service)
  if (isLostAfter(fault, fail)) return
  switch (outcome.kind) {
    case 'written':
      callback(null, replies.classicSuccess(outcome.revision, outcome.position))
      return
    case 'conflict':
      callback(null, replies.classicConflict(outcome.actual, expected))
      return
    case 'deleted':
      callback(streamDeleted(code, name))
      return
    case 'denied':
      callback(
        withTrailers(code.grpc, {
          code: code.grpc.status.PERMISSION_DENIED,
          details: 'Access Denied',
          trailers: { exception: 'access-denied' },
        }),
      )
      return
    case 'too-large':
      callback(
        withTrailers(code.grpc, {
          code: code.grpc.status.INVALID_ARGUMENT,
          details: `Maximum Append Size of ${outcome.most} Exceeded.`,
          trailers: {
            exception: 'maximum-append-size-exceeded',
            'maximum-append-size': String(outcome.most),
          },
        }),
      )
  }
}

type Answer =
  WriteOutcome | { readonly kind: 'too-large'; readonly most: number } | { readonly kind: 'denied' }

function write(
  append: {
    readonly name: string
    readonly expected: Expectation
    readonly events: readonly ProposedEvent[]
  },
  { log, maxAppendSize: most, deniesAppends }: AppendService,
): Answer {
  if (deniesAppends) return { kind: 'denied' }
  const size = append.events.reduce(
    (sum, event) => sum + event.data.length + event.metadata.length,
    0,
  )
  if (size > most) return { kind: 'too-large', most }
  return log.append(append.name, append.expected, append.events)
}

/** Waits as a fault says, and tells whether it ended the call, or keeps it unanswered, before anything is written. */
async function isLost(fault: Fault | undefined, fail: () => void): Promise<boolean> {
  if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
  if (fault === undefined || fault.kind === 'slow') return false
  if ('after' in fault && fault.after === 'written') return false
  fail()
  return true
}

function isLostAfter(fault: Fault | undefined, fail: () => void): boolean {
  if (fault === undefined || fault.kind === 'slow') return false
  fail()
  return true
}

function proposed(message: {
  getId(): SharedPb.UUID | undefined
  getMetadataMap(): { get(key: string): string | undefined }
  getData_asU8(): Uint8Array
  getCustomMetadata_asU8(): Uint8Array
}): ProposedEvent {
  const metadata = message.getMetadataMap()
  return {
    id: message.getId()?.getString() ?? '',
    type: metadata.get('type') ?? '',
    contentType: metadata.get('content-type') ?? '',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  }
}

function batchExpectation(options: StreamsPb.BatchAppendReq.Options | undefined): Expectation {
  if (options?.hasNoStream() === true) return 'no_stream'
  if (options?.hasStreamExists() === true) return 'stream_exists'
  return options?.hasStreamPosition() === true ? BigInt(options.getStreamPosition()) : 'any'
}

export function classicExpectation(
  options:
    | Pick<
        StreamsPb.AppendReq.Options,
        'hasNoStream' | 'hasStreamExists' | 'hasRevision' | 'getRevision'
      >
    | undefined,
): Expectation {
  if (options?.hasNoStream() === true) return 'no_stream'
  if (options?.hasStreamExists() === true) return 'stream_exists'
  return options?.hasRevision() === true ? BigInt(options.getRevision()) : 'any'
}
