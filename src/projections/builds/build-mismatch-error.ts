import { EverfoldError } from '../../errors.ts'
import type { Build } from './build.ts'

/** The builds of a read model were made by other definitions of the projection: none is for this code to move. Nothing was read or written. */
export class BuildMismatchError extends EverfoldError {
  readonly code = 'BUILD_MISMATCH'
  readonly retryable = false
  readonly readModel: string
  readonly live: Build

  constructor(
    readModel: string,
    builds: { readonly live: Build; readonly declared: Omit<Build, 'number' | 'lanes'> },
    options?: ErrorOptions,
  ) {
    const { live, declared } = builds
    super(`Read model '${readModel}' ${mismatchOf(live, declared)}`, options)
    this.readModel = readModel
    this.live = live
  }
}

function mismatchOf(live: Build, declared: Omit<Build, 'number' | 'lanes'>): string {
  if (live.projection !== declared.projection)
    return `holds projection '${live.projection}', not '${declared.projection}'. Give each projection a read model of its own.`
  if (live.version > declared.version)
    return `holds version ${live.version} of '${live.projection}'; this code declares ${declared.version}. Run the code that declares ${live.version}, or declare a higher version.`
  if (live.version < declared.version)
    return `holds version ${live.version} of '${live.projection}': version ${declared.version} of this code was rolled back. Call rebuild('${live.projection}') to build it again.`
  return `was built by another definition of '${live.projection}' under the same version ${live.version}: its event types, its key function or its tables changed. Raise the version to ${live.version + 1}: a projection is then built anew beside the live one, a reaction goes on where it was.`
}
