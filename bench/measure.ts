import { deepEqual } from 'node:assert/strict'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Benchmark, Contest, Row, Side } from './benchmark.ts'

/**
 * Measures both sides by turns, each first in every other round: a slow minute of the machine hits both alike.
 *
 * @throws {AssertionError} the sides did not come to the same result.
 */
export async function measure(
  { name, unit, open }: Benchmark,
  { rounds }: { readonly rounds: number },
): Promise<Row> {
  const contest = await open()
  const { ours, floor, amount } = contest
  const rates = { ours: [] as number[], floor: [] as number[] }
  await compare(contest, [ours, floor]) // warm-up
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [ours, floor] : [floor, ours]
    const seconds = await compare(contest, order)
    rates.ours.push(amount / (seconds.get(ours) ?? NaN))
    rates.floor.push(amount / (seconds.get(floor) ?? NaN))
  }
  const [oursRate, floorRate] = [median(rates.ours), median(rates.floor)]
  return {
    name,
    ours: Math.round(oursRate),
    floor: Math.round(floorRate),
    ratio: Number((oursRate / floorRate).toFixed(3)),
    unit,
    rounds,
  }
}

/** Runs both sides in an order, and refuses results that differ: a side that does less work would win. */
async function compare(
  { ours, floor }: Contest,
  order: readonly Side[],
): Promise<ReadonlyMap<Side, number>> {
  const seconds = new Map<Side, number>()
  const results = new Map<Side, unknown>()
  for (const side of order) {
    const run = await side.prepare()
    collectGarbage() // the other side's is not this one's to pay for
    const start = performance.now()
    await run.work()
    seconds.set(side, (performance.now() - start) / 1000)
    results.set(side, await run.finish())
  }
  deepEqual(results.get(ours), results.get(floor))
  return seconds
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
