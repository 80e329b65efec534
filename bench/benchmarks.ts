import type { Benchmark } from './benchmark.ts'
import { commandsBenchmarks } from './commands/commands-benchmarks.ts'
import { foldBenchmarks } from './fold/fold-benchmarks.ts'
import { logReadBenchmarks } from './log-read/log-read-benchmarks.ts'

/** Every row, in the order in which they are measured. */
export const benchmarks: readonly Benchmark[] = [
  ...commandsBenchmarks,
  ...logReadBenchmarks,
  ...foldBenchmarks,
]
