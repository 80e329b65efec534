import { types } from 'node:util'
import { RedisClosedError } from './redis-closed-error.ts'
import { RedisRefusedError } from './redis-refused-error.ts'
import { RedisUnavailableError } from './redis-unavailable-error.ts'

/** First words of replies that tell of a state that passes: a start, a failover, a resharding, a long script, full memory or disk. */
const PASSING = new Set([
  ...['LOADING', 'BUSY', 'UNKILLABLE', 'MASTERDOWN', 'READONLY', 'NOREPLICAS'],
  ...['CLUSTERDOWN', 'TRYAGAIN', 'MOVED', 'ASK', 'OOM', 'MISCONF'],
])

/** Not `instanceof`: errors of sockets can be those of another realm. */
const { isNativeError } = types

/** Somebody asked what no client takes: that is not Redis's doing. */
const BAD_CALLS = new Set(['TypeError', 'RangeError'])

/** Translates what a client throws. An error that is neither a reply nor the client's own, e.g. a `TypeError`, stays what it is. */
export function redisFailure(error: unknown): unknown {
  if (!isNativeError(error) || BAD_CALLS.has(error.name)) return error
  const names = classNames(error)
  if (names.includes('ClientClosedError')) return new RedisClosedError({ cause: error })
  if (!names.includes('ErrorReply')) return new RedisUnavailableError({ cause: error })
  const reply = firstWord(error)
  return PASSING.has(reply)
    ? new RedisUnavailableError({ cause: error })
    : new RedisRefusedError(reply, { cause: error })
}

/** Whether a reply begins with a word, which is the protocol's way to tell errors apart. */
export function isReply(error: unknown, word: string): boolean {
  return isNativeError(error) && firstWord(error) === word
}

function firstWord({ message }: Error): string {
  return /^[A-Z]+/.exec(message)?.[0] ?? ''
}

/** The package may be there twice, so `instanceof` does not tell; its errors have no codes. */
function classNames(error: Error): readonly string[] {
  const names: string[] = []
  for (
    let prototype = Object.getPrototypeOf(error) as { constructor: { name: string } } | null;
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype) as typeof prototype
  )
    names.push(prototype.constructor.name)
  return names
}
