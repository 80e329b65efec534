/** Two ways to do the same work, and how much of it there is. */
export interface Benchmark {
  readonly name: string
  /** Always per second, so that more is better. */
  readonly unit: 'commands/s' | 'events/s' | 'loads/s'
  /** Opens what both sides and all rounds share. */
  open(): Promise<Contest>
}

export interface Contest {
  /** How many commands or events one run handles. */
  readonly amount: number
  /** What the package does. */
  readonly ours: Side
  /** The best hand-written code for the same work. */
  readonly floor: Side
  /** Megabytes that a process has at its peak which does the work of one side once. Where it is told, it is a part of the row. */
  readonly peakMemory?: ((side: 'ours' | 'floor') => Promise<number>) | undefined
}

export interface Side {
  /** Makes what one run needs; not timed. */
  prepare(): Promise<Run>
}

export interface Run {
  /** The work that is timed. */
  work(): Promise<void>
  /** The median of how long each part of the work waited for its answer, in milliseconds. Where it is told, it is a part of the row. */
  p50Ms?(): number
  /** Tells what came of it, which has to be the same on both sides, and clears up; not timed. */
  finish(): Promise<unknown>
}

/** A measured benchmark: medians of its rounds. */
export interface Row {
  readonly name: string
  readonly ours: number
  readonly floor: number
  /** ours / floor */
  readonly ratio: number
  readonly unit: Benchmark['unit']
  readonly rounds: number
  /** In milliseconds. */
  readonly p50Ms?: { readonly ours: number; readonly floor: number }
  /** In megabytes. */
  readonly peakMemory?: { readonly ours: number; readonly floor: number }
}
