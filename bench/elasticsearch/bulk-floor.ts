import type { Side } from '../benchmark.ts'
import { balancesResult } from '../fold/balances-result.ts'
import { accountBalances, type AccountEvent, type Balance } from '../workload/account.ts'
import type { ServerLog } from '../workload/server-log.ts'
import { balancesOf, bulk, drop, linesOf, newIndex } from './elasticsearch.ts'

const PAGE_SIZE = 5000

/** Sends the documents that the runner writes, made beforehand, in bulks of 5000, one after the other: neither log nor fold nor checkpoint. */
export function bulkFloor(log: ServerLog): Side {
  let made: Promise<Sequence> | undefined
  return {
    prepare: async () => {
      const { bodies, position } = await (made ??= sequenceOf(log))
      const index = await newIndex()
      return {
        work: async () => {
          for (const body of bodies) await bulk(index, body)
        },
        finish: async () => {
          const result = balancesResult(await balancesOf(index), position)
          await drop(index)
          return result
        },
      }
    },
  }
}

interface Sequence {
  readonly bodies: readonly string[]
  readonly position: bigint | undefined
}

async function sequenceOf({ store }: ServerLog): Promise<Sequence> {
  const balances = new Map<string, Balance>()
  const bodies: string[] = []
  let last: bigint | undefined
  for await (const { events } of store.readAll({ pageSize: PAGE_SIZE })) {
    const lines = new Map<string, string>()
    for (const event of events) {
      const { streamId: key, position, id } = event
      const balance = foldByHand(balances.get(key), event as unknown as AccountEvent)
      balances.set(key, balance)
      lines.set(key, linesOf(key, balance, { position, id }))
      last = position
    }
    if (lines.size > 0) bodies.push([...lines.values()].join(''))
  }
  return { bodies, position: last }
}

/** By the projection's own rows, called by hand. */
export function foldByHand(balance: Balance | undefined, event: AccountEvent): Balance {
  const rows = accountBalances.on as unknown as Readonly<
    Record<string, (balance: Balance, event: AccountEvent) => Balance>
  >
  const before = balance ?? accountBalances.initialDocument(event.type)
  return rows[event.type]?.(before, event) ?? before
}
