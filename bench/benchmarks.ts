import { appendBenchmarks } from './append/append-benchmarks.ts'
import type { Benchmark } from './benchmark.ts'
import { commandsBenchmarks } from './commands/commands-benchmarks.ts'
import { elasticsearchBenchmarks } from './elasticsearch/elasticsearch-benchmarks.ts'
import { foldBenchmarks } from './fold/fold-benchmarks.ts'
import { importBenchmarks } from './import/import-benchmarks.ts'
import { logReadBenchmarks } from './log-read/log-read-benchmarks.ts'
import { projectionsBenchmarks } from './projections/projections-benchmarks.ts'
import { redisBenchmarks } from './redis/redis-benchmarks.ts'
import { streamReadBenchmarks } from './stream-read/stream-read-benchmarks.ts'

/** Every row, in the order in which they are measured. */
export const benchmarks: readonly Benchmark[] = [
  ...commandsBenchmarks,
  ...appendBenchmarks,
  ...logReadBenchmarks,
  ...streamReadBenchmarks,
  ...foldBenchmarks,
  ...projectionsBenchmarks,
  ...redisBenchmarks,
  ...elasticsearchBenchmarks,
  ...importBenchmarks,
]
