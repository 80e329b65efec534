import { BuildNotPreparedError } from './build-not-prepared-error.ts'

/** For what fails because a build was dropped meanwhile, or is not made yet: the next look tells. */
export function unlessNotPrepared(error: unknown): void {
  if (!(error instanceof BuildNotPreparedError)) throw error
}
