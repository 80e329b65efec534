import { setImmediate as turn } from 'node:timers/promises'
import { EverfoldError, type ReadModelStorage } from '../../src/index.ts'
import { announcementsOf } from '../../src/projections/lanes/lane-announcements.ts'
import type { SeededRandom } from './seeded-random.ts'

/** What a lost message or reply comes to. */
export class LostReplyError extends EverfoldError {
  readonly code = 'LOST_REPLY'
  readonly retryable = true
}

/** Never settles: what a process awaits that was killed. */
const FOREVER = new Promise<never>(() => undefined)

/** A sink behind a bad network: what it is asked arrives late or never, its replies are lost, and a killed process gets none. */
export class BadNetwork {
  readonly #random: SeededRandom
  /** Share of calls that are lost on the way, and again of replies. */
  #lossRate: number
  #isKilled = false

  constructor(random: SeededRandom, lossRate: number) {
    this.#random = random
    this.#lossRate = lossRate
  }

  heal(): void {
    this.#lossRate = 0
  }

  kill(): void {
    this.#isKilled = true
  }

  isKilled(): boolean {
    return this.#isKilled
  }

  readonly call = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
    await this.#turns()
    if (this.isKilled()) return FOREVER
    if (this.#random.chance(this.#lossRate)) {
      if (this.#random.chance(0.5)) void this.#turns(40).then(ask) // arrives late, after its sender gave up
      throw new LostReplyError('lost on the way')
    }
    const result = await ask()
    await this.#turns()
    if (this.isKilled()) return FOREVER
    if (this.#random.chance(this.#lossRate)) throw new LostReplyError('the reply was lost')
    return result
  }

  async #turns(most = 4): Promise<void> {
    for (let left = this.#random.below(most); left > 0; left--) await turn()
  }
}

/** A storage that is asked over a bad network. */
export function behind<Document>(
  network: BadNetwork,
  storage: ReadModelStorage<Document>,
): ReadModelStorage<Document> {
  /** Somebody begins to wait, between any two steps of the one who is answered. */
  const poke = async (): Promise<void> => {
    for (let steps = 0; steps < 12; steps++) {
      announcementsOf(inFront).wait().end()
      await Promise.resolve()
    }
  }
  const poked = <Result>(answer: Promise<Result>): Promise<Result> => {
    answer.then(poke, poke)
    return answer
  }
  const inFront: ReadModelStorage<Document> = {
    sink: storage.sink,
    name: storage.name,
    prepare: (build) => network.call(() => storage.prepare(build)),
    finish: (build) => network.call(() => storage.finish(build)),
    readLane: (build, lane) => network.call(() => storage.readLane(build, lane)),
    readLanes: (build) => network.call(() => storage.readLanes(build)),
    writeLane: (build, step) => poked(network.call(() => storage.writeLane(build, step))),
    load: (build, keys) => poked(network.call(() => storage.load(build, keys))),
    commit: (build, step, changes) =>
      poked(network.call(() => storage.commit(build, step, changes))),
    readParked: (build, lane, key) => storage.readParked(build, lane, key),
    beat: (member) => network.call(() => storage.beat(member)),
    leave: (name) => network.call(() => storage.leave(name)),
    scan: (build) => storage.scan(build),
    readBuilds: () => network.call(() => storage.readBuilds()),
    writeBuilds: (previous, next) => network.call(() => storage.writeBuilds(previous, next)),
    publish: (build) => network.call(() => storage.publish(build)),
    drop: (build) => network.call(() => storage.drop(build)),
  }
  return inFront
}
