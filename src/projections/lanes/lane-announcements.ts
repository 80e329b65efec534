import { EventEmitter } from 'node:events'
import type { Build } from '../builds/build.ts'
import type { ReadModelStorage } from '../read-model-storage.ts'

/** How far a lane of a build was just now moved by its runner. */
export interface LaneMove {
  readonly build: number
  readonly lane: number
  readonly position: bigint
}

/** Within one process: tells the lanes of a read model that somebody waits, and those who wait that a lane moved. */
export class LaneAnnouncements {
  readonly #emitter = new EventEmitter().setMaxListeners(0)
  /** Of the lanes that this process has, how far they were moved last. */
  readonly #places = new Map<string, bigint>()
  #waiting = 0

  /** Somebody waits: a lane moves on at once while this is so. */
  get isAwaited(): boolean {
    return this.#waiting > 0
  }

  /** Says that somebody waits, until he ends it. */
  wait(): LaneWait {
    const wait = new LaneWait(this.#emitter, () => {
      this.#waiting--
    })
    this.#waiting++
    this.#emitter.emit('wait')
    return wait
  }

  /** This process has a lane of the build that is not there yet: to read it now is of no use. */
  isBehind(build: Build, position: bigint): boolean {
    return lanesOf(build).some((lane) => {
      const place = this.#places.get(nameOf(build.number, lane))
      return place !== undefined && place < position
    })
  }

  moved(move: LaneMove): void {
    this.#places.set(nameOf(move.build, move.lane), move.position)
    this.#emitter.emit('move', move)
  }

  /** This process does not have a lane any more, or not as it knew it. */
  left({ build, lane }: Pick<LaneMove, 'build' | 'lane'>): void {
    this.#places.delete(nameOf(build, lane))
  }

  /** Calls `listener` whenever somebody begins to wait, until the function given back is called. */
  onWait(listener: () => void): () => void {
    this.#emitter.on('wait', listener)
    return () => this.#emitter.off('wait', listener)
  }
}

/** What somebody who waits for lanes learns meanwhile of those that this process moves. */
export class LaneWait {
  readonly #emitter: EventEmitter
  readonly #ended: () => void
  /** Only of moves that came while he waited: a sink that loses what it told before takes earlier ones back. */
  readonly #places = new Map<string, bigint>()
  #moved: (hasMoved: true) => void = ignore
  #sought:
    { readonly build: Build; readonly position: bigint; readonly found: () => void } | undefined

  constructor(emitter: EventEmitter, ended: () => void) {
    this.#emitter = emitter
    this.#ended = ended
    emitter.on('move', this.#learn)
  }

  /** All lanes of the build were moved there, or further: they need not be read. */
  hasSeen(build: Build, position: bigint): boolean {
    return lanesOf(build).every(
      (lane) => (this.#places.get(nameOf(build.number, lane)) ?? -1n) >= position,
    )
  }

  /** Settles when `hasSeen`, unless the wait ends, or something else is sought, before. */
  async seen(build: Build, position: bigint): Promise<void> {
    if (this.hasSeen(build, position)) return
    await new Promise<void>((found) => {
      this.#sought = { build, position, found }
    })
  }

  /** Settles when a lane moves next, with true, or after a while. */
  async moveWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const hasMoved = await new Promise<boolean>((resolve) => {
      this.#moved = resolve
      timer = setTimeout(resolve, milliseconds, false)
    })
    clearTimeout(timer)
    return hasMoved
  }

  end(): void {
    this.#emitter.off('move', this.#learn)
    this.#ended()
  }

  readonly #learn = ({ build, lane, position }: LaneMove): void => {
    this.#places.set(nameOf(build, lane), position)
    this.#moved(true)
    if (this.#sought !== undefined && this.hasSeen(this.#sought.build, this.#sought.position))
      this.#sought.found()
  }
}

const ignore = (): void => undefined

const byStorage = new WeakMap<object, LaneAnnouncements>()

/** The announcements of a read model in this process. */
export function announcementsOf<Document>(storage: ReadModelStorage<Document>): LaneAnnouncements {
  const found = byStorage.get(storage) ?? new LaneAnnouncements()
  byStorage.set(storage, found)
  return found
}

const lanesOf = ({ lanes }: Build): readonly number[] =>
  Array.from({ length: lanes }, (_, lane) => lane)

const nameOf = (build: number, lane: number): string => `${build} ${lane}`
