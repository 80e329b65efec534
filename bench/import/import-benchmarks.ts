import type { Benchmark } from '../benchmark.ts'
import { copyFloor } from './copy-floor.ts'
import { HISTORY } from './history.ts'
import { importSide } from './import-side.ts'

/** Bring a history into an empty log on a server. */
export const importBenchmarks: readonly Benchmark[] = [
  {
    name: 'import by COPY, Postgres',
    unit: 'events/s',
    open: async () => ({ amount: HISTORY.events, ours: importSide, floor: copyFloor }),
  },
]
