/** Two ways to do the same work, and how much of it there is. */
export interface Benchmark {
  readonly name: string
  /** Always per second, so that more is better. */
  readonly unit: 'commands/s' | 'events/s'
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
}

export interface Side {
  /** Makes what one run needs; not timed. */
  prepare(): Promise<Run>
}

export interface Run {
  /** The work that is timed. */
  work(): Promise<void>
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
}
