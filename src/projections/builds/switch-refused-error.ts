import { EverfoldError } from '../../errors.ts'

/** Readers were not switched to another build. They keep the one that they have; nothing is lost. */
export class SwitchRefusedError extends EverfoldError {
  readonly code = 'SWITCH_REFUSED'
  readonly retryable = false
  readonly readModel: string
  /** Number of the build that readers were not switched to; undefined: there is none. */
  readonly build: number | undefined

  constructor(
    refused: { readonly readModel: string; readonly build: number | undefined },
    reason: string,
    options?: ErrorOptions,
  ) {
    const { readModel, build } = refused
    super(`Readers of '${readModel}' keep the build that they have: ${reason}`, options)
    this.readModel = readModel
    this.build = build
  }
}
