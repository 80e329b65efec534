import assert from 'node:assert/strict'
import { decide, evolve, type Aggregate, type CommandOf } from '../aggregates/aggregate.ts'
import type { DomainEvent } from '../event-store/domain-event.ts'
import type { EventDefinitions, EventsOf } from '../event-store/event-catalog.ts'

/** What happened to an aggregate before. */
export interface AggregateScenario<Commands, D extends EventDefinitions> {
  /** Decides a command on the state that the events led to. */
  when(command: CommandOf<Commands>): AggregateOutcome<D>
}

/** What a command led to. */
export interface AggregateOutcome<D extends EventDefinitions> {
  /** Asserts exactly these events, in this order; their ids do not count, `occurredAt` and `metadata` where they are given. */
  then(...events: readonly EventsOf<D>[]): void
  /** Asserts that the command led to nothing. */
  thenNothing(): void
  /** Asserts that the command was refused with an error of this class, or with these fields. */
  thenThrows(expected: ErrorClass | object): void
}

export type ErrorClass = abstract new (...parameters: never[]) => Error

export function aggregateScenario<State, Commands, D extends EventDefinitions>(
  aggregate: Aggregate<State, Commands, D>,
  events: readonly EventsOf<D>[],
): AggregateScenario<Commands, D> {
  return {
    when(command) {
      const state = events.reduce(
        (before, event) => evolve(aggregate, before, event),
        aggregate.initialState(),
      )
      const run = (): readonly EventsOf<D>[] => decide(aggregate, state, command)
      return {
        then(...expected) {
          assert.deepEqual(run().map(comparable(expected)), expected.map(comparable(expected)))
        },
        thenNothing() {
          assert.deepEqual(run(), [])
        },
        thenThrows(expected) {
          assertThrows(run, expected)
        },
      }
    },
  }
}

/** Classes by hand: `assert.throws` takes those of another realm, such as a test runner's, for functions that check. */
function assertThrows(run: () => unknown, expected: ErrorClass | object): void {
  if (typeof expected !== 'function') {
    assert.throws(run, expected)
    return
  }
  const thrown = thrownBy(run)
  assert.ok(thrown instanceof expected, `Expected ${expected.name}; thrown was ${String(thrown)}`)
}

function thrownBy(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return assert.fail('Expected the command to be refused; it was not.')
}

/** Leaves out what the expectation at the same place does not speak of. */
function comparable(expected: readonly DomainEvent[]) {
  return ({ type, data, occurredAt, metadata }: DomainEvent, index: number): object => ({
    type,
    data,
    ...(expected[index]?.occurredAt === undefined ? {} : { occurredAt }),
    ...(expected[index]?.metadata === undefined ? {} : { metadata }),
  })
}
