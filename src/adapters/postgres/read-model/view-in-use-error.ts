import { EverfoldError } from '../../../errors.ts'

/** Other objects are made of the view of a read model, which has to be made anew because its columns change. Readers see the view as before. */
export class ViewInUseError extends EverfoldError {
  readonly code = 'VIEW_IN_USE'
  readonly retryable = false
  readonly readModel: string
  /** The objects, e.g. `'materialized view public.totals'`. */
  readonly dependents: readonly string[]

  constructor(
    readModel: string,
    view: { readonly name: string; readonly dependents: readonly string[] },
    options?: ErrorOptions,
  ) {
    const { name, dependents } = view
    super(
      `The view ${name} of read model '${readModel}' has to be made anew, because its columns change, and this depends on it: ${dependents.join(', ')}. Readers see the view as before. Drop what depends on it, start the runner (or the rebuild) again, and make it again when the new build is live.`,
      options,
    )
    this.readModel = readModel
    this.dependents = dependents
  }
}
