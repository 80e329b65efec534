import { EverfoldError } from '../../../errors.ts'

/** An index takes no writes: an operator has blocked it, or the disk of a node is nearly full. */
export class IndexBlockedError extends EverfoldError {
  readonly code = 'INDEX_BLOCKED'
  /** True for a full disk: Elasticsearch lifts that block itself. */
  readonly retryable: boolean

  constructor(what: string, blocked: { readonly reason: string; readonly isDiskFull: boolean }) {
    const { reason, isDiskFull } = blocked
    super(
      isDiskFull
        ? `Elasticsearch did not do ${what}: ${reason}. Its disk is over the flood-stage watermark: make room, and it goes on by itself.`
        : `Elasticsearch did not do ${what}: ${reason}. Lift the block (index.blocks.write, index.blocks.read_only), then call runner.resume(name) or start the runner again.`,
    )
    this.retryable = isDiskFull
  }
}
