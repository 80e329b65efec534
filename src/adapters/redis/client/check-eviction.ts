import type { Logger } from '../../../projections/logger.ts'
import { EvictingServerError } from './evicting-server-error.ts'
import type { RedisConnection } from './redis-connection.ts'
import { RedisRefusedError } from './redis-refused-error.ts'

/**
 * Looks whether the server, or any master of a cluster, keeps what it is given. Where neither `CONFIG` nor `INFO` is allowed, it warns.
 *
 * @throws {EvictingServerError} one of them drops any key when its memory is full.
 */
export async function checkEviction(connection: RedisConnection, logger: Logger): Promise<void> {
  for (const policy of await policiesOf(connection)) {
    if (policy === undefined)
      logger.warn(
        'Whether the Redis server drops keys when its memory is full could not be read: CONFIG GET and INFO are not allowed. See to it that its maxmemory-policy is noeviction.',
      )
    else if (policy.startsWith('allkeys')) throw new EvictingServerError(policy)
  }
}

async function policiesOf(connection: RedisConnection): Promise<readonly (string | undefined)[]> {
  const setting = 'maxmemory-policy'
  const configured = await unlessRefused(connection.runOnMasters(['CONFIG', 'GET', setting]))
  if (configured !== undefined) return configured.map((reply) => valueOf(reply, setting))
  const told = await unlessRefused(connection.runOnMasters(['INFO', 'memory']))
  return told?.map((text) => /^maxmemory_policy:(\S+)/m.exec(String(text))?.[1]) ?? [undefined]
}

/** A list of names and values, or a map or object of them, by the protocol. */
function valueOf(reply: unknown, name: string): string | undefined {
  if (reply instanceof Map) return reply.get(name) as string | undefined
  if (!Array.isArray(reply)) return (reply as Readonly<Record<string, string>>)[name]
  return reply[reply.indexOf(name) + 1] as string | undefined
}

async function unlessRefused<Result>(asked: Promise<Result>): Promise<Result | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof RedisRefusedError) return undefined
    throw error
  }
}
