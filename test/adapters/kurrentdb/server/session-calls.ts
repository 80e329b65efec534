import type {
  sendUnaryData,
  ServerReadableStream,
  ServerUnaryCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { AppendService } from './append-calls.ts'
import type { MultiWriteOutcome, StreamCheck, StreamWrite } from './event-log.ts'
import { statusOf } from './faults.ts'
import type { SecondVersion } from './generated-code.ts'
import type { Expectation, ProposedEvent } from './log-event.ts'
import type { StreamsV2Pb } from './protocol.ts'
import { SessionReplies } from './session-replies.ts'

/** Appends to several streams in one commit, in the second version of the protocol (facts 2.6). */
export function answerSessions(
  service: AppendService,
  second: SecondVersion,
): UntypedServiceImplementation {
  const replies = new SessionReplies(service.code, second)
  return {
    appendSession: (
      call: ServerReadableStream<StreamsV2Pb.AppendRequest, StreamsV2Pb.AppendSessionResponse>,
      callback: sendUnaryData<unknown>,
    ): void => {
      const requests: StreamsV2Pb.AppendRequest[] = []
      call.on('data', (request: StreamsV2Pb.AppendRequest) => requests.push(request))
      call.on('end', () => {
        void appendSession(requests, { service, replies, callback })
      })
    },
    appendRecords: (
      call: ServerUnaryCall<StreamsV2Pb.AppendRecordsRequest, unknown>,
      callback: sendUnaryData<unknown>,
    ): void => {
      void appendRecords(call.request, { service, replies, callback })
    },
  }
}

interface Session {
  readonly service: AppendService
  readonly replies: SessionReplies
  readonly callback: sendUnaryData<unknown>
}

/** Each stream once, with what is expected of it. */
async function appendSession(
  requests: readonly StreamsV2Pb.AppendRequest[],
  session: Session,
): Promise<void> {
  const { replies, callback } = session
  const names = requests.map((request) => request.getStream())
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) {
    callback(replies.streamTwice(twice))
    return
  }
  // What the real server makes of a request without records is not known: ours refuses it, so that nobody leans on it.
  if (requests.some((request) => request.getRecordsList().length === 0)) {
    callback(replies.noRecords())
    return
  }
  const checks = requests.map((request) => ({
    name: request.getStream(),
    expected: expectation(request.getExpectedRevision() ?? ''),
  }))
  const writes = requests.flatMap((request) =>
    request
      .getRecordsList()
      .map((record) => ({ name: request.getStream(), event: proposed(record) })),
  )
  const outcome = await write(session, writes, checks)
  if (outcome?.kind === 'written') callback(null, replies.session(outcome))
  else if (outcome !== undefined) callback(replies.conflict(outcome.violations))
}

/** Records of streams in any order, and checks of streams, with records or without (facts 2.6). */
async function appendRecords(
  request: StreamsV2Pb.AppendRecordsRequest,
  session: Session,
): Promise<void> {
  const { replies, callback } = session
  const writes = request
    .getRecordsList()
    .map((record) => ({ name: record.getStream(), event: proposed(record) }))
  const checks = request.getChecksList().map((check) => ({
    name: check.getStreamState()?.getStream() ?? '',
    expected: expectation(check.getStreamState()?.getExpectedState() ?? ''),
  }))
  const outcome = await write(session, writes, checks)
  if (outcome?.kind === 'written') callback(null, replies.records(outcome))
  else if (outcome !== undefined) callback(replies.violations(outcome.violations, checks))
}

/** Undefined: the call was answered, or is never to be. */
async function write(
  { service, replies, callback }: Session,
  writes: readonly StreamWrite[],
  checks: readonly StreamCheck[],
): Promise<MultiWriteOutcome | undefined> {
  const { code, faults, log, maxAppendSize: most, deniesAppends } = service
  const fault = faults.take('append-session')
  const isLate = fault !== undefined && 'after' in fault && fault.after === 'written'
  if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
  const isLost = fault !== undefined && fault.kind !== 'slow'
  const fail = (): void => {
    const status = statusOf(fault, code)
    if (status !== undefined) callback(status)
  }
  if (isLost && !isLate) {
    fail()
    return undefined
  }
  const size = writes.reduce((sum, { event }) => sum + event.data.length, 0)
  const refusal = deniesAppends
    ? replies.denied()
    : size > most
      ? replies.tooLarge(size, most)
      : undefined
  if (refusal !== undefined) {
    callback(refusal)
    return undefined
  }
  const outcome = log.appendAll(writes, checks)
  if (!isLost) return outcome
  fail()
  return undefined
}

/** What records carry as properties is the event's metadata, with what the record says of its schema (facts 2.6). */
function proposed(record: StreamsV2Pb.AppendRecord): ProposedEvent {
  const schema = record.getSchema()
  const isJson = (schema?.getFormat() as number | undefined) === JSON_FORMAT
  const type = schema?.getName() ?? ''
  const properties = record
    .getPropertiesMap()
    .toArray()
    .map(([key]): [string, unknown] => [key, record.getPropertiesMap().get(key)?.toJavaScript()])
  const schemaProperties = { '$schema.name': type, '$schema.format': isJson ? 'Json' : 'Bytes' }
  const metadata = { ...Object.fromEntries(properties), ...schemaProperties }
  return {
    id: record.getRecordId() ?? '',
    type,
    contentType: isJson ? 'application/json' : 'application/octet-stream',
    data: record.getData_asU8(),
    metadata: Buffer.from(JSON.stringify(metadata)),
  }
}

const JSON_FORMAT = 1

function expectation(revision: string): Expectation {
  switch (revision) {
    case '-1':
      return 'no_stream'
    case '-4':
      return 'stream_exists'
    case '-2':
    case '':
      return 'any'
    default:
      return BigInt(revision)
  }
}
