import type { PostgresSubmittable } from './postgres-pool.ts'

/** What is used of a stream of `pg-copy-streams` that copies into a table. */
export interface CopyStream extends PostgresSubmittable {
  write(part: Uint8Array): boolean
  end(): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  once(event: 'drain' | 'finish', listener: () => void): unknown
}

/**
 * Writes parts into a stream that was given to a connection, each when the one before is on its way.
 *
 * Not by `pipeline`: it destroys a stream that failed, and this one would then wait for the answer of a server that may be gone. One part at a time,
 * each above its high-water mark: of several it would go on writing after it failed.
 */
export function copyIn(stream: CopyStream, parts: Iterable<Uint8Array>): Promise<void> {
  return new Promise((resolve, reject) => {
    const rest = parts[Symbol.iterator]()
    let hasFailed = false
    const writeOn = (): void => {
      for (let isReady = true; isReady && !hasFailed;) {
        const next = rest.next()
        if (next.done === true) {
          stream.end()
          return
        }
        isReady = stream.write(next.value)
      }
      if (!hasFailed) stream.once('drain', writeOn)
    }
    stream.on('error', (error) => {
      hasFailed = true
      reject(error)
    })
    stream.once('finish', resolve)
    writeOn()
  })
}
