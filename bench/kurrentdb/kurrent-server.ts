import { EventStoreDBClient } from '@eventstore/db-client'
import { KurrentServer } from '../../test/adapters/kurrentdb/server/kurrent-server.ts'

let opened: { readonly server: KurrentServer; readonly client: EventStoreDBClient } | undefined

/** The tests' server in this process, and a client: no registry ships a real one. What a row costs here is what client, wire and this server cost. */
export async function kurrent(): Promise<NonNullable<typeof opened>> {
  if (opened !== undefined) return opened
  const server = new KurrentServer({ clientPackage: '@eventstore/db-client' })
  await server.start()
  return (opened = { server, client: EventStoreDBClient.connectionString(server.url) })
}

export async function closeKurrent(): Promise<void> {
  await opened?.client.dispose()
  await opened?.server.stop()
}
