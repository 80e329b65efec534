import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { MemoryCheckpoints } from '../../src/adapters/memory/index.ts'
import { BuildMismatchError, globalPosition, ProjectionRunner, react } from '../../src/index.ts'
import { accountEvents } from '../domain/account.ts'
import { gate } from '../faults/gate.ts'
import { behind, eventsOf, noting, runnerFor, UnreachableError } from './reactions-fixture.ts'
import { append, deposited, openStore, present, silent } from './runner-fixture.ts'

const retryable = (): Error =>
  Object.assign(new Error('The mail server is busy.'), { retryable: true })

describe('a reaction', () => {
  test('runs once for each of its events, in the order of the log', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting()
    await append(store, '1', accountEvents.AccountOpened({ owner: 'Ada' }), deposited(1))
    await append(store, '2', deposited(2))
    await append(store, '1', deposited(3))

    await runnerFor(store, thanks, { checkpoints }).runUntilCaughtUp()
    await append(store, '1', deposited(4))
    await runnerFor(store, thanks, { checkpoints }).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([1, 2, 3, 4])
    expect(thanks.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 1, 1])
    expect(new Set(thanks.runs.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(4)
  })

  test('follows the log, and is waited for', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting()
    await using runner = runnerFor(store, thanks, { checkpoints })
    await runner.start()

    const position = await append(store, '1', deposited(1))
    await checkpoints.waitFor('thank', position)

    expect(thanks.cents()).toEqual([1])
  })

  test('runs for events of each key in order, those of different keys at the same time, in several lanes', async () => {
    const store = openStore()
    const together = gate()
    const thanks = noting({
      does: async ({ stream, cents }) => {
        if (cents === 40) together.open()
        if (stream === 'account-1') await together.opened
      },
    })
    await append(store, '1', deposited(1), deposited(2))
    await append(store, '2', deposited(10), deposited(20), deposited(30), deposited(40))

    await runnerFor(store, thanks, { lanes: 16 }).runUntilCaughtUp()

    expect(thanks.cents().filter((cents) => cents < 10)).toEqual([1, 2])
    expect(thanks.cents().filter((cents) => cents >= 10)).toEqual([10, 20, 30, 40])
  })

  test('leaves out events without a key', async () => {
    const store = openStore()
    const thanks = noting({ key: ({ version }) => (version > 1 ? 'all' : null) })
    await append(store, '1', deposited(1), deposited(2))

    await runnerFor(store, thanks).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([2])
  })
})

describe('a reaction begins', () => {
  test('at the end, decided when it first starts', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting({ startAt: 'end' })
    await append(store, '1', deposited(1))
    await runnerFor(store, thanks, { checkpoints, lanes: 3 }).runUntilCaughtUp()

    await append(store, '1', deposited(2))
    await runnerFor(store, thanks, { checkpoints, lanes: 3 }).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([2])
  })

  test('at the end of a log that was empty: with its first event', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting({ startAt: 'end' })
    await runnerFor(store, thanks, { checkpoints }).runUntilCaughtUp()

    await append(store, '1', deposited(1))
    await runnerFor(store, thanks, { checkpoints }).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([1])
  })

  test('where a runner that died while it started had decided', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const storage = checkpoints.storageOf('thank')
    const writeLane = storage.writeLane.bind(storage)
    const died = new Error('It died.')
    let writes = 0
    storage.writeLane = async (build, step) => {
      if (++writes === 2) throw died
      return writeLane(build, step)
    }
    const thanks = noting({ startAt: 'end' })
    await append(store, '1', deposited(1))
    await expect(runnerFor(store, thanks, { checkpoints, lanes: 2 }).start()).rejects.toBe(died)

    await append(store, '1', deposited(2))
    await runnerFor(store, thanks, { checkpoints }).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([2])
  })

  test('after an event', async () => {
    const store = openStore()
    await append(store, '1', deposited(1), deposited(2))
    const { position, id: eventId } = present((await eventsOf(store))[0])
    const thanks = noting({ startAt: { after: { position, eventId } } })

    await runnerFor(store, thanks).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([2])
  })
})

describe('a reaction whose row throws', () => {
  test('is tried again with the same idempotency key when the error is marked retryable', async () => {
    const store = openStore()
    const thanks = noting({
      does: ({ attempt }) => {
        if (attempt < 3) throw retryable()
      },
    })
    await append(store, '1', deposited(1), deposited(2))

    await runnerFor(store, thanks).runUntilCaughtUp()

    expect(thanks.cents()).toEqual([1, 1, 1, 2, 2, 2])
    expect(thanks.runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1, 2, 3])
    expect(new Set(thanks.runs.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2)
  })

  test('stops before the event, and does not repeat those before it', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const faulty = noting({
      does: ({ cents }) => {
        if (cents === 3) throw new Error('No such address.')
      },
    })
    const corrected = noting()
    await append(store, '1', deposited(1), deposited(2), deposited(3), deposited(4))

    const stopped = runnerFor(store, faulty, { checkpoints }).runUntilCaughtUp()
    await expect(stopped).rejects.toMatchObject({
      code: 'REACTION_FAILED',
      reaction: 'thank',
      eventType: 'MoneyDeposited',
      key: 'account-1',
      cause: new Error('No such address.'),
    })
    await runnerFor(store, corrected, { checkpoints }).runUntilCaughtUp()

    expect(faulty.cents()).toEqual([1, 2, 3])
    expect(corrected.cents()).toEqual([3, 4])
  })

  test('is parked with all later events of its key, and goes on for other keys', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const faulty = noting({
      does: ({ cents }) => {
        if (cents === 1) throw new Error('No such address.')
      },
    })
    await append(store, '1', deposited(1), deposited(2))
    await append(store, '2', deposited(3))
    const runner = runnerFor(store, faulty, { checkpoints, onFailure: 'park' })
    await runner.runUntilCaughtUp()

    await append(store, '1', deposited(4))
    await runner.runUntilCaughtUp()
    const parked = []
    for await (const { key, position, error } of runner.parked('thank'))
      parked.push({ key, position, isFailed: error !== undefined })

    expect(faulty.cents()).toEqual([1, 3])
    expect(parked).toEqual([
      { key: 'account-1', position: globalPosition(1), isFailed: true },
      { key: 'account-1', position: globalPosition(2), isFailed: false },
      { key: 'account-1', position: globalPosition(4), isFailed: false },
    ])
  })

  test('runs for the parked events of a key, in order, until one fails, when it is asked to', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const failing = new Set([1])
    const thanks = noting({
      does: ({ cents }) => {
        if (failing.has(cents)) throw new Error('No such address.')
      },
    })
    await append(store, '1', deposited(1), deposited(2), deposited(3), deposited(4))
    const runner = runnerFor(store, thanks, { checkpoints, onFailure: 'park' })
    await runner.runUntilCaughtUp()

    failing.clear()
    failing.add(3)
    await runner.retryParked('thank', 'account-1')
    await runner.runUntilCaughtUp()
    const afterRetry = thanks.cents()
    await runner.discardParked('thank', 'account-1', {
      position: globalPosition(3),
      reason: 'The account was closed.',
    })
    await append(store, '1', deposited(5))
    await runner.runUntilCaughtUp()

    expect(afterRetry).toEqual([1, 1, 2, 3])
    expect(thanks.cents()).toEqual([1, 1, 2, 3, 4, 5])
    expect(thanks.runs[0]?.idempotencyKey).toBe(thanks.runs[1]?.idempotencyKey)
  })

  test('is retried while it is transient for parked events, too', async () => {
    const store = openStore()
    let failure: Error | undefined = new Error('No such address.')
    const thanks = noting({
      does: ({ attempt }) => {
        if (failure !== undefined && attempt < 2) throw failure
      },
    })
    await append(store, '1', deposited(1))
    const runner = runnerFor(store, thanks, { onFailure: 'park' })
    await runner.runUntilCaughtUp()

    failure = retryable()
    await runner.retryParked('thank', 'account-1')
    await runner.runUntilCaughtUp()

    expect(thanks.runs.map(({ attempt }) => attempt)).toEqual([1, 1, 2])
  })
})

describe('a reaction that takes long', () => {
  test('keeps its lane, and is not run by another runner', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting({ does: () => sleep(2200) })
    await append(store, '1', deposited(1))

    await Promise.all([
      runnerFor(store, thanks, { checkpoints, leaseMs: 1000 }).runUntilCaughtUp(),
      runnerFor(store, thanks, { checkpoints, leaseMs: 1000 }).runUntilCaughtUp(),
    ])

    expect(thanks.cents()).toEqual([1])
  })

  test('keeps its lane for parked events', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    let does = (): Promise<void> => Promise.reject(new Error('No such address.'))
    const thanks = noting({ does: () => does() })
    await append(store, '1', deposited(1))
    const runners = [1, 2].map(() =>
      runnerFor(store, thanks, { checkpoints, leaseMs: 1000, onFailure: 'park' }),
    )
    await runners[0]?.runUntilCaughtUp()
    await append(store, '2', deposited(2))

    does = () => sleep(2200)
    await runners[0]?.retryParked('thank', 'account-1')
    await Promise.all(runners.map((runner) => runner.runUntilCaughtUp()))

    expect(thanks.cents()).toEqual([1, 1, 2])
  })

  test('is finished by a stop, which begins no other', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const begun = gate()
    const thanks = noting({
      does: async () => {
        begun.open()
        await sleep(2200)
      },
    })
    const later = noting()
    await append(store, '1', deposited(1), deposited(2))
    const runner = runnerFor(store, thanks, { checkpoints, leaseMs: 1000 })
    await runner.start()
    await begun.opened

    const other = runnerFor(store, later, { checkpoints, leaseMs: 1000 })
    await Promise.all([runner.stop(), other.runUntilCaughtUp()])

    expect(thanks.cents()).toEqual([1])
    expect(thanks.runs[0]?.signal.aborted).toBe(false)
    expect(later.cents()).toEqual([2])
  })

  test('is not begun for the next event once its runner stops', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    let stopped: Promise<void> | undefined
    const thanks = noting({
      does: async () => {
        stopped ??= runner.stop()
        await sleep(50)
      },
    })
    await append(store, '1', deposited(1), deposited(2))
    const runner = runnerFor(store, thanks, { checkpoints })
    await expect(runner.runUntilCaughtUp()).rejects.toThrow()
    await stopped
    const untilStop = thanks.cents()

    await runner.runUntilCaughtUp()

    expect([untilStop, thanks.cents()]).toEqual([[1], [1, 2]])
  })

  test('is run again by another runner when the first was cut off, which is told to break off', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    let isCutOff = false
    const begun = gate()
    const cutOff = noting({
      does: ({ signal }) => {
        isCutOff = true
        begun.open()
        return new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            resolve()
          })
        })
      },
    })
    const other = noting()
    await append(store, '1', deposited(1), deposited(2))
    const pass = (): void => {
      if (isCutOff) throw new UnreachableError('The database cannot be reached.')
    }
    const place = { checkpoints: behind(checkpoints, pass), leaseMs: 200 }
    await using runner = runnerFor(store, cutOff, place)
    await runner.start()
    await begun.opened

    await runnerFor(store, other, { checkpoints, leaseMs: 200 }).runUntilCaughtUp()
    await runner.stop()

    expect(cutOff.cents()).toEqual([1])
    expect(other.cents()).toEqual([1, 2])
    expect(other.runs[0]?.idempotencyKey).toBe(cutOff.runs[0]?.idempotencyKey)
    expect(cutOff.runs[0]?.signal.aborted).toBe(true)
  })
})

describe('a reaction in turn', () => {
  test('is not repeated because something is asked while it runs', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const begun = gate()
    const asked = gate()
    const failing = new Set([1, 2])
    const thanks = noting({
      does: async ({ cents }) => {
        if (failing.has(cents)) throw new Error('No such address.')
        if (cents > 2) begun.open()
        await asked.opened
      },
    })
    await append(store, '1', deposited(1))
    await append(store, '2', deposited(2))
    const runner = runnerFor(store, thanks, { checkpoints, onFailure: 'park' })
    await runner.runUntilCaughtUp()
    failing.clear()
    await append(store, '3', deposited(3), deposited(4))
    const caughtUp = runner.runUntilCaughtUp()
    await begun.opened

    await runner.retryParked('thank', 'account-1')
    await runner.retryParked('thank', 'account-2')
    asked.open()
    await caughtUp

    expect(thanks.cents().toSorted()).toEqual([1, 1, 2, 2, 3, 4])
    expect(thanks.runs.every(({ signal }) => !signal.aborted)).toBe(true)
  })

  test('does not run before it is noted that it ran for the events before', async () => {
    const store = openStore()
    const noted = gate()
    const begun = gate()
    let isHeld = false
    const thanks = noting({
      does: async () => {
        await sleep(150)
        isHeld = true
        begun.open()
      },
    })
    const pass = async (): Promise<void> => {
      if (isHeld) await noted.opened
    }
    await append(store, '1', deposited(1), deposited(2))
    const checkpoints = behind(new MemoryCheckpoints(), pass)
    const caughtUp = runnerFor(store, thanks, { checkpoints, leaseMs: 60_000 }).runUntilCaughtUp()
    await begun.opened
    await sleep(100)

    const before = thanks.cents()
    noted.open()
    await caughtUp

    expect([before, thanks.cents()]).toEqual([[1], [1, 2]])
  })
})

describe('a higher version of a reaction', () => {
  test('takes the checkpoints and parked events over, and keeps lower ones from running', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const one = noting({
      does: ({ stream }) => {
        if (stream === 'account-2') throw new Error('No such address.')
      },
    })
    const two = noting({ version: 2, startAt: 'end', key: ({ streamId: id }) => id })
    const placement = { checkpoints, lanes: 3, onFailure: 'park' } as const
    await append(store, '1', deposited(1))
    await append(store, '2', deposited(2))
    await runnerFor(store, one, placement).runUntilCaughtUp()

    await append(store, '1', deposited(3))
    const runner = runnerFor(store, two, placement)
    await runner.runUntilCaughtUp()
    await runner.retryParked('thank', 'account-2')
    await runner.runUntilCaughtUp()

    expect(one.cents().toSorted()).toEqual([1, 2])
    expect(two.cents().toSorted()).toEqual([2, 3])
    await expect(runnerFor(store, one, placement).start()).rejects.toThrow(BuildMismatchError)
  })

  test('is refused with another key function under the same version', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    await runnerFor(store, noting(), { checkpoints }).runUntilCaughtUp()

    const other = runnerFor(store, noting({ key: () => 'all' }), { checkpoints })

    await expect(other.start()).rejects.toThrow(BuildMismatchError)
  })

  test('stops runners of a lower one that follow the log, and goes on where they were', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const [one, two] = [noting(), noting({ version: 2 })]
    await using lower = runnerFor(store, one, { checkpoints, lanes: 4 })
    await using higher = runnerFor(store, two, { checkpoints, lanes: 4 })
    await lower.start()
    await checkpoints.waitFor('thank', await append(store, '1', deposited(1)))

    const failed = gate()
    lower.on('error', failed.open)
    await higher.start()
    await failed.opened
    await checkpoints.waitFor('thank', await append(store, '1', deposited(2)))

    expect([one.cents(), two.cents()]).toEqual([[1], [2]])
  })
})

describe('what is told of a reaction', () => {
  test('names it, and shows what is tried again', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const answered = gate()
    const told: string[] = []
    const logger = { ...silent, warn: (message: string) => void told.push(message) }
    const thanks = noting({
      does: async ({ attempt }) => {
        if (attempt === 1) throw retryable()
        await answered.opened
      },
    })
    const projections = [react(thanks.reaction).with(checkpoints)]
    await using runner = new ProjectionRunner({ store, projections, logger })
    await runner.start()
    const position = await append(store, '1', deposited(1))
    await expect(checkpoints.waitFor('thank', position, { timeoutMs: 500 })).rejects.toThrow()

    const [status] = await runner.status()
    answered.open()
    await checkpoints.waitFor('thank', position)

    expect(status).toMatchObject({ projection: 'thank', state: 'retrying', lastError: retryable() })
    expect(told[0]).toMatch(
      /^Reaction 'thank' is tried again in \d+ ms: The mail server is busy\.$/,
    )
  })
})

describe('a reaction is not', () => {
  test('rebuilt or verified', async () => {
    const store = openStore()
    const thanks = noting()
    await append(store, '1', deposited(1))
    const runner = runnerFor(store, thanks)
    await runner.runUntilCaughtUp()

    await expect(runner.rebuild('thank')).rejects.toThrow("'thank' is a reaction")
    await expect(runner.verify('thank')).rejects.toThrow("'thank' is a reaction")

    await runner.runUntilCaughtUp()
    expect(thanks.cents()).toEqual([1])
  })

  test('run while it is paused', async () => {
    const store = openStore()
    const checkpoints = new MemoryCheckpoints()
    const thanks = noting()
    await using runner = runnerFor(store, thanks, { checkpoints })
    await runner.start()
    await runner.pause('thank')
    await sleep(300)

    const position = await append(store, '1', deposited(1))
    await expect(checkpoints.waitFor('thank', position, { timeoutMs: 200 })).rejects.toThrow()
    const whilePaused = thanks.cents()
    await runner.resume('thank')
    await checkpoints.waitFor('thank', position)

    expect([whilePaused, thanks.cents()]).toEqual([[], [1]])
  })
})
