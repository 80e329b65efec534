import type { Build } from '../../../projections/builds/build.ts'
import type { DocumentChanges } from '../../../projections/read-model-storage.ts'
import type { PreparedBuilds } from '../builds/prepared-builds.ts'
import type { Server } from '../server/server.ts'
import { BulkWriter, type BulkOutcome } from './bulk-writer.ts'
import { encodeWrite, type BulkItem } from './document-source.ts'

const SHARE_OF_LEASE = 0.8

/** The lane whose documents are written. */
export interface DocumentLane {
  readonly build: Build
  readonly number: number
  readonly leaseMs: number
  /** Keeps the lane before more is sent; false: it is lost. */
  readonly keep: () => Promise<boolean>
}

/** Writes the documents of commits, also ahead of a commit: while the one before it writes its lane. */
export class CommitDocuments<Document> {
  readonly #builds: PreparedBuilds
  readonly #writer: BulkWriter
  /** By build and lane: what becomes of the documents of the commit that began last. */
  readonly #begun = new Map<string, Promise<BulkOutcome>>()
  /** What becomes of documents that are written ahead; undefined: their commit writes them. */
  readonly #ahead = new WeakMap<readonly unknown[], Promise<BulkOutcome | undefined>>()

  constructor(server: Server, builds: PreparedBuilds) {
    this.#builds = builds
    this.#writer = new BulkWriter(server)
  }

  /** Writes those of a commit that were not written ahead. */
  write(lane: DocumentLane, changes: DocumentChanges<Document>): Promise<BulkOutcome> {
    const ahead = this.#ahead.get(changes.writes)
    const write = (): Promise<BulkOutcome> => this.#send(lane, changes)
    const outcome = ahead === undefined ? write() : ahead.then((done) => done ?? write())
    this.#begun.set(idOf(lane), outcome)
    return outcome
  }

  /**
   * Writes those of the next commit once all documents of the one before are there: nothing may be written that came of a document which turns out to be
   * refused. Encodes them meanwhile. Settles when nothing is under way; what went wrong is done again, and told, by their commit.
   */
  async writeAhead(lane: DocumentLane, changes: DocumentChanges<Document>): Promise<void> {
    const before = this.#begun.get(idOf(lane))
    const ahead = this.#send(lane, changes, before).then(
      (outcome) => (outcome === 'superseded' ? undefined : outcome),
      () => undefined,
    )
    this.#ahead.set(changes.writes, ahead)
    await ahead
  }

  forget({ number }: Build): void {
    for (const id of this.#begun.keys()) if (id.startsWith(`${number}/`)) this.#begun.delete(id)
  }

  /** @param before what becomes of documents without which nothing is sent. */
  async #send(
    lane: DocumentLane,
    { writes, requireInLog }: DocumentChanges<Document>,
    before?: Promise<BulkOutcome>,
  ): Promise<BulkOutcome> {
    const { build, number, leaseMs, keep } = lane
    const refused = new Map<string, Error>()
    const items = encodeAll(writes, number, refused)
    if ((await (before ?? 'written')) !== 'written') return 'superseded'
    if (refused.size > 0) return { refused }
    return this.#builds.useChecked(build, ({ record, loader }) => {
      loader.writes(
        number,
        writes.map(({ key }) => key),
      )
      return this.#writer.write(items, {
        ...{ index: record.index, alias: record.alias, keep, requireInLog },
        timeoutMs: leaseMs > 0 ? Math.ceil(leaseMs * SHARE_OF_LEASE) : undefined,
      })
    })
  }
}

const idOf = ({ build, number }: DocumentLane): string => `${build.number}/${number}`

function encodeAll<Document>(
  writes: DocumentChanges<Document>['writes'],
  lane: number,
  refused: Map<string, Error>,
): readonly BulkItem<Document>[] {
  const items: BulkItem<Document>[] = []
  for (const write of writes)
    try {
      items.push(encodeWrite(write, lane))
    } catch (error) {
      refused.set(write.key, error as Error)
    }
  return items
}
