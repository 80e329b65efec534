import { randomBytes } from 'node:crypto'
import * as jest from '@jest/globals'
import { createClient } from 'redis'
import type { RedisClient } from '../../../src/adapters/redis/index.ts'
import { reasonToSkip } from '../real-servers.ts'

/** Why the tests on a real Redis are skipped; undefined: they run. */
export const skipped: string | undefined = reasonToSkip('redis', 'REDIS_URL')

/** `describe` for tests on a real Redis. */
export function describeOnRedis(name: string, define: () => void): void {
  if (skipped === undefined) jest.describe(name, define)
  else jest.describe.skip(`${name} (skipped: ${skipped})`, define)
}

export function redisUrl(): string {
  const url = process.env['REDIS_URL']
  if (url === undefined) throw new Error('REDIS_URL is not set, and EVERFOLD_REQUIRE wants redis.')
  return url
}

/** A connected client as a read model wants it. */
export async function connect(url: string, options: object = {}): Promise<ConnectedClient> {
  const client = createClient({ url, disableOfflineQueue: true, ...options })
  client.on('error', () => undefined) // connections that a test cuts
  await client.connect()
  return client
}

export interface ConnectedClient extends RedisClient {
  close(): Promise<void>
  destroy(): void
}

/** A prefix that no other test uses. */
export function anyPrefix(): string {
  return `everfold-test-${randomBytes(6).toString('hex')}`
}

/** Removes all keys of a read model from a server. */
export async function removeKeys(client: RedisClient, prefix: string): Promise<void> {
  const keys = await keysOf(client, prefix)
  if (keys.length > 0) await client.sendCommand(['UNLINK', ...keys])
}

/** The names of all keys of a read model. */
export async function keysOf(client: RedisClient, prefix: string): Promise<readonly string[]> {
  const patterns = [`${prefix}:*`, `{${prefix}:*`]
  const found: string[] = []
  for (const pattern of patterns) {
    let cursor = '0'
    do {
      const scan = ['SCAN', cursor, 'MATCH', pattern, 'COUNT', '1000']
      const [next, keys] = (await client.sendCommand(scan)) as [string, string[]]
      found.push(...keys)
      cursor = next
    } while (cursor !== '0')
  }
  return [...new Set(found)].toSorted()
}
