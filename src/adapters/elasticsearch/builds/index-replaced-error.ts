import { EverfoldError } from '../../../errors.ts'

/** An index of a read model was deleted, made again or restored by somebody else: what its lanes say is not true of it. Nothing was written to it. */
export class IndexReplacedError extends EverfoldError {
  readonly code = 'INDEX_REPLACED'
  readonly retryable = false
  /** Name of the index. */
  readonly index: string

  constructor(
    index: string,
    happened: string,
    remedy = 'Call runner.rebuild(name): it makes the read model anew beside it.',
  ) {
    super(
      `Index '${index}' ${happened} since this read model made it: its documents are not those that its lanes tell of. ${remedy}`,
    )
    this.index = index
  }
}
