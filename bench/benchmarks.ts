import { appendBenchmarks } from './append/append-benchmarks.ts'
import type { Benchmark } from './benchmark.ts'
import { commandsBenchmarks } from './commands/commands-benchmarks.ts'
import { elasticsearchBenchmarks } from './elasticsearch/elasticsearch-benchmarks.ts'
import { foldBenchmarks } from './fold/fold-benchmarks.ts'
import { importBenchmarks } from './import/import-benchmarks.ts'
import { kurrentdbBenchmarks } from './kurrentdb/kurrentdb-benchmarks.ts'
import { logReadBenchmarks } from './log-read/log-read-benchmarks.ts'
import { projectionsBenchmarks } from './projections/projections-benchmarks.ts'
import { redisBenchmarks } from './redis/redis-benchmarks.ts'
import { snapshotsBenchmarks } from './snapshots/snapshots-benchmarks.ts'
import { streamReadBenchmarks } from './stream-read/stream-read-benchmarks.ts'
import { upcastingBenchmarks } from './upcasting/upcasting-benchmarks.ts'

/** Every row, in the order in which they are measured. */
export const benchmarks: readonly Benchmark[] = [
  ...commandsBenchmarks,
  ...appendBenchmarks,
  ...logReadBenchmarks,
  ...upcastingBenchmarks,
  ...streamReadBenchmarks,
  ...snapshotsBenchmarks,
  ...foldBenchmarks,
  ...projectionsBenchmarks,
  ...redisBenchmarks,
  ...elasticsearchBenchmarks,
  ...importBenchmarks,
  ...kurrentdbBenchmarks,
]
