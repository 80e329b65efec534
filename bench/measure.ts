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
  const measured = { ours: [] as Measured[], floor: [] as Measured[] }
  await compare(contest, [ours, floor]) // warm-up
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [ours, floor] : [floor, ours]
    const compared = await compare(contest, order)
    measured.ours.push(compared.get(ours) as Measured)
    measured.floor.push(compared.get(floor) as Measured)
  }
  const rateOf = (side: 'ours' | 'floor'): number =>
    median(measured[side].map(({ seconds }) => amount / seconds))
  const p50MsOf = (side: 'ours' | 'floor'): number =>
    Number(median(measured[side].map(({ p50Ms = NaN }) => p50Ms)).toFixed(2))
  const [oursRate, floorRate] = [rateOf('ours'), rateOf('floor')]
  const p50Ms = { ours: p50MsOf('ours'), floor: p50MsOf('floor') }
  const { peakMemory } = contest
  return {
    name,
    ours: Math.round(oursRate),
    floor: Math.round(floorRate),
    ratio: Number((oursRate / floorRate).toFixed(3)),
    unit,
    rounds,
    ...(Number.isFinite(p50Ms.ours) && { p50Ms }),
    ...(peakMemory && {
      peakMemory: { ours: await peakMemory('ours'), floor: await peakMemory('floor') },
    }),
  }
}

interface Measured {
  readonly seconds: number
  readonly p50Ms: number | undefined
}

/** Runs both sides in an order, and refuses results that differ: a side that does less work would win. */
async function compare(
  { ours, floor }: Contest,
  order: readonly Side[],
): Promise<ReadonlyMap<Side, Measured>> {
  const measured = new Map<Side, Measured>()
  const results = new Map<Side, unknown>()
  for (const side of order) {
    const run = await side.prepare()
    collectGarbage() // the other side's is not this one's to pay for
    const start = performance.now()
    await run.work()
    const seconds = (performance.now() - start) / 1000
    measured.set(side, { seconds, p50Ms: run.p50Ms?.() })
    results.set(side, await run.finish())
  }
  deepEqual(results.get(ours), results.get(floor))
  return measured
}

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
