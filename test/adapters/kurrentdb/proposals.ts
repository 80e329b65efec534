import { randomUUID } from 'node:crypto'
import type {
  KurrentEventData,
  KurrentExpectation,
  KurrentResolvedEvent,
} from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import type { TestClient } from './test-client.ts'

export const anyStream = (category = 'account'): string => `${category}-${randomUUID()}`

/** Proposed events with ids of their own. */
export const proposals = (count: number, type = 'Noted'): KurrentEventData[] =>
  Array.from({ length: count }, (_, index) => ({
    id: randomUUID(),
    contentType: 'application/json',
    type,
    data: { number: index + 1 },
    metadata: {},
  }))

/** Appends through a bare client. */
export const appendRaw = (
  client: TestClient,
  stream: string,
  {
    events = proposals(1),
    expected = 'any',
  }: { readonly events?: KurrentEventData[]; readonly expected?: KurrentExpectation } = {},
) =>
  client.appendToStream(stream, events, {
    expectedRevision: expected,
    streamState: expected,
    deadline: 5000,
  })

const READ = { resolveLinkTos: false, requiresLeader: true, deadline: 5000 } as const

export const readRaw = (client: TestClient, stream: string) =>
  listed(
    client.readStream(stream, {
      fromRevision: 'start',
      direction: 'forwards',
      maxCount: 10_000,
      ...READ,
    }),
  )

export const readAllRaw = (
  client: TestClient,
  options: Partial<Parameters<TestClient['readAll']>[0]> = {},
) =>
  listed(
    client.readAll({
      fromPosition: 'start',
      direction: 'forwards',
      maxCount: 10_000,
      ...READ,
      ...options,
    }),
  )

export async function listed(
  events: AsyncIterable<KurrentResolvedEvent>,
): Promise<readonly KurrentResolvedEvent[]> {
  const list: KurrentResolvedEvent[] = []
  for await (const event of events) list.push(event)
  return list
}
