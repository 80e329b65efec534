/**
 * `npm run bench [-- WORD...] [--rounds N] [--json]`: how fast the package is, as a ratio to hand-written code for the same
 * work in the same run. Words choose rows by their names. Progress goes to standard error, and what kept rows from being measured: then it ends with 1.
 */
import type { Row } from './benchmark.ts'
import { benchmarks } from './benchmarks.ts'
import { closeKurrent } from './kurrentdb/kurrent-server.ts'
import { measure } from './measure.ts'
import { closeElasticsearch } from './elasticsearch/elasticsearch.ts'
import { readOptions } from './options.ts'
import { closeDatabases } from './pglite/databases.ts'
import { closeServer } from './postgres/server.ts'
import { closeRedis } from './redis/redis-client.ts'
import { RowRefused } from './row-refused.ts'
import { table } from './table.ts'

const { words, rounds, json } = readOptions(process.argv.slice(2))
const chosen = benchmarks.filter(
  ({ name }) =>
    words.length === 0 || words.some((word) => name.toLowerCase().includes(word.toLowerCase())),
)
if (chosen.length === 0)
  throw new TypeError(
    `No row is named like '${words.join("' or '")}'. There are: ${benchmarks.map(({ name }) => name).join('; ')}.`,
  )

const rows: Row[] = []
for (const benchmark of chosen) {
  console.error(`${benchmark.name} ...`)
  try {
    rows.push(await measure(benchmark, { rounds }))
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error
    console.error(`  not measured: ${error.message}`)
    process.exitCode = 1
  }
}
await closeDatabases()
await closeElasticsearch()
await closeServer()
await closeRedis()
await closeKurrent()
console.log(json ? JSON.stringify(rows, undefined, 2) : table(rows))
