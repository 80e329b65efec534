import { memoryEventStore } from '../../src/adapters/memory/index.ts'
import {
  project,
  ProjectionRunner,
  streamId,
  type DomainEvent,
  type EventStore,
  type Logger,
  type Placement,
  type ReadModel,
  type ReadModelStorage,
} from '../../src/index.ts'
import { accountBalances, accountEvents, type Balance } from '../domain/account.ts'

export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
export const deposited = (cents: number): DomainEvent => accountEvents.MoneyDeposited({ cents })
export const openStore = (): EventStore =>
  memoryEventStore({ catalogs: [accountEvents], pollIntervalMs: 5 })

export async function append(store: EventStore, id: string, ...events: readonly DomainEvent[]) {
  const { position } = await store.append(streamId('account', id), events, {
    expectedVersion: 'any',
  })
  return position
}

export function runnerOf(
  store: EventStore,
  readModel: ReadModel<Balance>,
  projection = accountBalances,
  {
    placement,
    leaseMs = 300,
    pageSize,
  }: { placement?: Placement; leaseMs?: number; pageSize?: number } = {},
): ProjectionRunner {
  return new ProjectionRunner({
    store,
    projections: [project(projection).into(readModel, placement)],
    logger: silent,
    leaseMs,
    pageSize,
  })
}

/** A read model whose sink does some things differently. It writes nothing ahead: documents would overtake those of a commit that it delays. */
export function altered<Document>(
  readModel: ReadModel<Document>,
  alter: (storage: ReadModelStorage<Document>) => Partial<ReadModelStorage<Document>>,
): ReadModel<Document> {
  const inner = readModel.storage
  const storage: ReadModelStorage<Document> = {
    ...{ sink: inner.sink, name: inner.name },
    prepare: (build) => inner.prepare(build),
    finish: (build) => inner.finish(build),
    readLane: (build, lane) => inner.readLane(build, lane),
    readLanes: (build) => inner.readLanes(build),
    writeLane: (build, step) => inner.writeLane(build, step),
    load: (build, keys, lane) => inner.load(build, keys, lane),
    ...(inner.ahead && { ahead: inner.ahead.bind(inner) }),
    commit: (build, step, changes) => inner.commit(build, step, changes),
    scan: (build) => inner.scan(build),
    readBuilds: () => inner.readBuilds(),
    writeBuilds: (previous, next) => inner.writeBuilds(previous, next),
    publish: (build) => inner.publish(build),
    drop: (build) => inner.drop(build),
    readParked: (build, lane, key) => inner.readParked(build, lane, key),
    beat: (member) => inner.beat(member),
    leave: (runner) => inner.leave(runner),
    ...alter(inner),
  }
  return {
    ...readModel,
    storage,
    get: (key) => readModel.get(key),
    getMany: (keys) => readModel.getMany(keys),
    waitFor: (position, options) => readModel.waitFor(position, options),
  }
}

/** A value that the test knows to be there. */
export function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('It is not there.')
  return value
}
