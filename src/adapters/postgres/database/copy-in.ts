import { translateFailure } from './driver-failure.ts'
import type { PostgresSubmittable } from './postgres-pool.ts'

/** What is used of a stream of `pg-copy-streams` that copies into a table. */
export interface CopyStream extends PostgresSubmittable {
  write(part: Uint8Array): boolean
  end(): unknown
  /** Makes the server give up the COPY; the stream fails with its answer. */
  destroy(reason: Error): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'drain' | 'finish', listener: () => void): unknown
}

/**
 * Writes parts into a stream that was given to a connection, each when the one before is on its way.
 *
 * Not by `pipeline`: it destroys a stream that failed, and this one would then wait for the answer of a server that may be gone. One part at a time,
 * each above its high-water mark: of several it would go on writing after it failed.
 *
 * @throws {DatabaseError | DatabaseUnavailableError} the stream failed.
 * @throws what `parts` throw, once the server has given up the COPY: until then the connection takes no other statement.
 */
export function copyIn(stream: CopyStream, parts: Iterable<Uint8Array>): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest: Iterator<Uint8Array> | undefined
    let hasFailed = false
    let thrown: { readonly reason: Error } | undefined
    const writeOn = (): void => {
      try {
        rest ??= parts[Symbol.iterator]()
        for (let isReady = true; isReady && !hasFailed;) {
          const next = rest.next()
          if (next.done === true) {
            stream.end()
            return
          }
          isReady = stream.write(next.value)
        }
        if (!hasFailed) stream.once('drain', writeOn)
      } catch (error) {
        thrown = { reason: error as Error }
        stream.destroy(new Error('the client could not make the rest'))
      }
    }
    stream.on('error', (error) => {
      hasFailed = true
      reject(thrown === undefined ? translateFailure(error) : thrown.reason)
    })
    stream.once('finish', resolve)
    writeOn()
  })
}
