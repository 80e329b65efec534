/** One physical copy of one projection version. */
export interface Build {
  /** From 1, never given twice in one read model: names of tables and indices carry it. */
  readonly number: number
  /** Name of the projection. */
  readonly projection: string
  /** Version of the projection. */
  readonly version: number
  /** Fingerprint of the projection's definition. */
  readonly fingerprint: string
  /** Into how many lanes its keys are spread, 1 to 64; fixed when the build is made. */
  readonly lanes: number
}

/** Which builds a read model has. */
export interface BuildsRecord {
  /** Random, a new one with every write: what every write compares. */
  readonly revision: string
  /** Number of the newest build ever made. */
  readonly newest: number
  /** The build that readers see. */
  readonly live: Build
  /** The build that is being made beside it. */
  readonly building: Build | undefined
  /** The build that was live before: kept, and fed as long as code of its version runs, until it is pruned or another one takes its place. */
  readonly previous: Build | undefined
  /** Builds that are being dropped: whoever finds one here finishes that. */
  readonly dropping: readonly Build[]
  /** Versions that were rolled back: not built again until somebody asks for it. */
  readonly rolledBack: readonly number[]
  /** Nobody moves any lane until somebody resumes. */
  readonly isPaused: boolean
}
