import type {
  Metadata,
  sendUnaryData,
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
} from '@grpc/grpc-js'
import {
  answerAppend,
  answerBatchAppends,
  classicExpectation,
  type AppendService,
} from './append-calls.ts'
import { AppendReplies } from './append-replies.ts'
import { answerFeatures } from './feature-calls.ts'
import { EventLog } from './event-log.ts'
import { Faults, statusOf, withTrailers } from './faults.ts'
import { loadGeneratedCode, type ClientPackage, type GeneratedCode } from './generated-code.ts'
import type { Expectation, WriteOutcome } from './log-event.ts'
import { Messages, nameIn } from './messages.ts'
import { OpenCalls } from './open-calls.ts'
import type { StreamsPb } from './protocol.ts'
import { answerRead, Sender, streamDeleted, type ReadCall } from './read-calls.ts'
import { answerSessions } from './session-calls.ts'
import { answerSubscription } from './subscribe-calls.ts'

export interface KurrentServerOptions {
  /** Whose client it serves: it speaks through that package's generated code. */
  readonly clientPackage: ClientPackage
  /** Tells its version and what it can do; `'20.6'` knows neither features nor batches (facts 5). Default `'26.1'`. */
  readonly version?: '20.6' | '23.10' | '25.1' | '26.1' | undefined
  /** Whether it lists the batch call: without it, clients send each append by a call of its own (facts 2.1). Default true. */
  readonly hasBatchAppend?: boolean | undefined
  /** It is a follower: reads that want the leader are sent to this port (facts 5, NotLeader). */
  readonly leaderPort?: number | undefined
  /** Default 16 MiB; servers up to 25.0 take 1 MiB (facts 2.1). */
  readonly maxAppendSize?: number | undefined
  /** Refuses reads of `$all`, as it does to users without the right (facts 2.2). Default false. */
  readonly deniesAll?: boolean | undefined
  /** Refuses appends. Default false. */
  readonly deniesAppends?: boolean | undefined
  readonly now?: (() => number) | undefined
}

/**
 * A KurrentDB server in this process, for tests: its rules are those of section 5 of the facts about the server, each named where it is kept.
 * It shows what the adapter does with a server that behaves as we read it, not that a server behaves so.
 */
export class KurrentServer {
  readonly log: EventLog
  readonly faults: Faults = new Faults()
  /** Of reads and subscriptions. */
  readonly openCalls: OpenCalls = new OpenCalls()
  readonly openSubscriptions: OpenCalls = new OpenCalls()
  /** Of appends that have a call of their own. */
  readonly openAppends: OpenCalls = new OpenCalls()
  /** The credentials that came with reads and appends. */
  readonly credentials: string[] = []
  readonly #options: KurrentServerOptions
  readonly #code: GeneratedCode
  readonly #messages: Messages
  #server: Server | undefined
  #port = 0

  constructor(options: KurrentServerOptions) {
    this.#options = options
    this.#code = loadGeneratedCode(options.clientPackage)
    this.#messages = new Messages(this.#code, { tellsPositions: options.version !== '20.6' })
    this.log = new EventLog(options.now)
  }

  get port(): number {
    return this.#port
  }

  /** `esdb` connection string, which both clients take. */
  get url(): string {
    const scheme = this.#options.clientPackage === '@eventstore/db-client' ? 'esdb' : 'kurrentdb'
    return `${scheme}://127.0.0.1:${this.#port}?tls=false`
  }

  /** Listens; again after `stop`, on the same port and with the same log. */
  async start(): Promise<void> {
    const { grpc, services } = this.#code
    // One gRPC message stays under 16 MiB, so larger ones are refused (facts 2.1).
    const server = new grpc.Server({ 'grpc.max_receive_message_length': 17 * 1024 * 1024 })
    server.addService(services.streams, {
      read: (call: ReadCall) => {
        this.#read(call)
      },
      append: (
        call: ServerReadableStream<StreamsPb.AppendReq, StreamsPb.AppendResp>,
        callback: sendUnaryData<StreamsPb.AppendResp>,
      ) => {
        this.#noteCredentials(call)
        const ended = this.openAppends.begin(call)
        const answer: typeof callback = (...reply) => {
          ended()
          callback(...reply)
        }
        answerAppend(call, answer, this.#appends)
      },
      batchAppend: (
        call: ServerDuplexStream<StreamsPb.BatchAppendReq, StreamsPb.BatchAppendResp>,
      ) => {
        this.#noteCredentials(call)
        answerBatchAppends(call, this.#appends)
      },
      delete: (call: DeleteCall, callback: sendUnaryData<unknown>) => {
        const reply = new this.#code.streams.DeleteResp()
        this.#delete(call, { callback, reply }, (...to) => this.log.softDelete(...to))
      },
      tombstone: (call: DeleteCall, callback: sendUnaryData<unknown>) => {
        const reply = new this.#code.streams.TombstoneResp()
        this.#delete(call, { callback, reply }, (...to) => this.log.tombstone(...to))
      },
    })
    const { version = '26.1', hasBatchAppend = true } = this.#options
    if (version !== '20.6')
      server.addService(
        services.features,
        answerFeatures(this.#code, { version, hasBatchAppend }, this.faults),
      )
    const { second } = this.#code
    if (second !== undefined)
      server.addService(second.service, answerSessions(this.#appends, second))
    this.#server = server
    this.#port = await new Promise<number>((resolve, reject) => {
      const address = `127.0.0.1:${this.#port}`
      server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, port) => {
        if (error === null) resolve(port)
        else reject(error)
      })
    })
  }

  /** Cuts all connections, as a killed server does. */
  async stop(): Promise<void> {
    this.#server?.forceShutdown()
    this.#server = undefined
    await new Promise((resolve) => setImmediate(resolve))
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.start()
  }

  get #appends(): AppendService {
    return {
      log: this.log,
      code: this.#code,
      replies: new AppendReplies(this.#code, this.#messages),
      faults: this.faults,
      maxAppendSize: this.#options.maxAppendSize ?? 16 * 1024 * 1024,
      deniesAppends: this.#options.deniesAppends === true,
    }
  }

  #noteCredentials({ metadata }: { readonly metadata: Metadata }): void {
    this.credentials.push(...metadata.get('authorization').map(String))
  }

  #read(call: ReadCall): void {
    this.openCalls.add(call)
    this.#noteCredentials(call)
    const options = call.request.getOptions()
    const isSubscription = options?.hasSubscription() === true
    if (isSubscription) this.openSubscriptions.add(call)
    const fault = this.faults.take(isSubscription ? 'subscribe' : 'read')
    const sender = new Sender(call, fault, this.#code)
    if (fault?.kind === 'silence' && fault.after === undefined) return
    const isEarly = !(fault !== undefined && 'after' in fault)
    const status = this.#notLeader(call) ?? (isEarly ? statusOf(fault, this.#code) : undefined)
    if (status !== undefined) {
      sender.fail(status)
      return
    }
    if (options?.hasAll() === true && this.#options.deniesAll === true) {
      sender.fail(accessDenied(this.#code))
      return
    }
    const service = { log: this.log, code: this.#code, messages: this.#messages }
    const tellsCaughtUp = this.#options.version !== '20.6' // from 23.10 (facts 2.3)
    const answer = async (): Promise<void> => {
      if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms))
      if (isSubscription) await answerSubscription(sender, { ...service, tellsCaughtUp })
      else await answerRead(sender, service)
    }
    answer().catch((error: unknown) => {
      sender.fail({ code: this.#code.grpc.status.INTERNAL, details: String(error) })
    })
  }

  #notLeader({ metadata }: ReadCall): object | undefined {
    const { leaderPort: port } = this.#options
    const isWanted = metadata.get('requires-leader').includes('true')
    return port !== undefined && isWanted
      ? statusOf({ kind: 'not-leader', port }, this.#code)
      : undefined
  }

  #delete(
    call: DeleteCall,
    { callback, reply }: { readonly callback: sendUnaryData<unknown>; readonly reply: unknown },
    write: (name: string, expected: Expectation) => WriteOutcome,
  ): void {
    const options = call.request.getOptions()
    const name = nameIn(options?.getStreamIdentifier())
    const outcome = write(name, classicExpectation(options))
    if (outcome.kind === 'written') callback(null, reply)
    else if (outcome.kind === 'deleted') callback(streamDeleted(this.#code, name))
    else
      callback(
        withTrailers(this.#code.grpc, {
          code: this.#code.grpc.status.FAILED_PRECONDITION,
          details: `Wrong expected version of '${name}'.`,
          trailers: {
            exception: 'wrong-expected-version',
            'stream-name': name,
            'expected-version': '-1',
            'actual-version': String(outcome.actual),
          },
        }),
      )
  }
}

/** Requests and answers of both kinds of deletion are built alike. */
type DeleteCall = ServerUnaryCall<StreamsPb.DeleteReq, unknown>

function accessDenied({ grpc }: GeneratedCode): object {
  return withTrailers(grpc, {
    code: grpc.status.PERMISSION_DENIED,
    details: 'Access Denied',
    trailers: { exception: 'access-denied' },
  })
}
