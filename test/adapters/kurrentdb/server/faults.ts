import type { ServiceError, status as Status } from '@grpc/grpc-js'
import type { GeneratedCode } from './generated-code.ts'

export type FaultyCall =
  'features' | 'read' | 'subscribe' | 'append' | 'batch-append' | 'append-session'

/** What goes wrong with one call (facts 5, fault switches). */
export type Fault =
  /** The call breaks with UNAVAILABLE. `after`: only when the work was done, or so many events were sent. */
  | { readonly kind: 'drop'; readonly after?: 'written' | number }
  /** The server ends the call without an error (facts 2.3). */
  | { readonly kind: 'end'; readonly after: number }
  /** No answer, ever. */
  | { readonly kind: 'silence'; readonly after?: 'written' | number }
  /** The server answers that its own time for an append is over: it may have been written (facts 2.8). */
  | { readonly kind: 'timeout'; readonly after?: 'written' }
  /** The server answers that it does not know what became of an append. */
  | { readonly kind: 'unknown'; readonly after?: 'written' }
  | { readonly kind: 'not-leader'; readonly port: number }
  | { readonly kind: 'slow'; readonly ms: number }
  | {
      readonly kind: 'status'
      readonly code: Status
      readonly details: string
      readonly exception?: string
    }

/** The faults to come, call by call. */
export class Faults {
  readonly #coming = new Map<FaultyCall, Fault[]>()

  /** Strikes the next call of its kind; given several times, one call after the other. */
  strike(call: FaultyCall, ...faults: readonly Fault[]): void {
    this.#coming.set(call, [...(this.#coming.get(call) ?? []), ...faults])
  }

  /** Whether all have struck. */
  get isEmpty(): boolean {
    return [...this.#coming.values()].every((faults) => faults.length === 0)
  }

  take(call: FaultyCall): Fault | undefined {
    return this.#coming.get(call)?.shift()
  }

  clear(): void {
    this.#coming.clear()
  }
}

/** The status of a fault that ends its call at once; undefined: it does something else. */
export function statusOf(
  fault: Fault | undefined,
  { grpc }: GeneratedCode,
): Partial<ServiceError> | undefined {
  switch (fault?.kind) {
    case 'drop':
      return { code: grpc.status.UNAVAILABLE, details: 'The call was dropped.' }
    case 'timeout':
      return { code: grpc.status.DEADLINE_EXCEEDED, details: 'Operation timed out' }
    case 'unknown':
      return { code: grpc.status.UNKNOWN, details: 'Unexpected OperationResult' }
    case 'not-leader':
      return withTrailers(grpc, {
        code: grpc.status.NOT_FOUND,
        details: 'Leader info available',
        trailers: {
          exception: 'not-leader',
          'leader-endpoint-host': '127.0.0.1',
          'leader-endpoint-port': String(fault.port),
        },
      })
    case 'status':
      return withTrailers(grpc, {
        ...fault,
        trailers: fault.exception === undefined ? {} : { exception: fault.exception },
      })
    default:
      return undefined
  }
}

/** A status as the server sends it: what happened is named in its trailers (facts 5). */
export function withTrailers(
  grpc: GeneratedCode['grpc'],
  status: {
    readonly code: Status
    readonly details: string
    readonly trailers: Readonly<Record<string, string>>
  },
): Partial<ServiceError> {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(status.trailers)) metadata.set(name, value)
  return { code: status.code, details: status.details, metadata }
}
