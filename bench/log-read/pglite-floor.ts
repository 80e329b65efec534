import type { Side } from '../benchmark.ts'
import { databases } from '../pglite/databases.ts'
import { forEachRow } from '../pglite/wire.ts'
import { LogTally } from './log-tally.ts'

const PAGE_SIZE = '2000'

/** Reads pages by position, only the columns that are used, and takes them out of the reply without making rows. */
export function pgliteReadFloor(table: string): Side {
  return {
    prepare: async () => {
      const { floor: wire } = await databases()
      const statement = `read_${table}`
      await wire.prepare(
        statement,
        `SELECT position, stream_id, version, type, data FROM ${table} WHERE position > $1 ORDER BY position LIMIT $2`,
      )
      const tally = new LogTally()
      const columns = ['', '', '', '', '']
      return {
        work: async () => {
          for (let [after, more] = ['0', true]; more; after = columns[0] ?? '') {
            const reply = await wire.run(statement, [after, PAGE_SIZE])
            more = false
            forEachRow(reply, (at, count) => {
              more = true
              for (let column = 0; column < count; column++) {
                const length = reply.readInt32BE(at)
                const encoding = column < count - 1 ? 'latin1' : 'utf8' // ids here are ASCII
                columns[column] = reply.toString(encoding, at + 4, at + 4 + length)
                at += 4 + length
              }
              const [position, streamId = '', version, type = '', data = ''] = columns
              tally.add(streamId, Number(version), JSON.parse(data))
              tally.addPlace(Number(position), type)
            })
          }
        },
        finish: async () => tally.toString(),
      }
    },
  }
}
