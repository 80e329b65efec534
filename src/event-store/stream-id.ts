import { InvalidStreamIdError } from './invalid-stream-id-error.ts'

/** Names a stream: `category-id`, e.g. `account-42`. The category ends at the first `-`; the id may hold more of them. */
export type StreamId = string & { readonly __brand: 'StreamId' }

/** Longest stream id that a store accepts, in UTF-16 code units (what `length` counts). */
export const MAX_STREAM_ID_LENGTH = 255

/**
 * Makes the id of the stream of one thing: `streamId('account', '42')` is `account-42`.
 *
 * @throws {InvalidStreamIdError} a part is empty, the category holds a `-`, the whole is over 255 characters, or it holds
 * characters that no database stores (U+0000, half of a surrogate pair).
 */
export function streamId(category: string, id: string): StreamId {
  if (category.includes('-'))
    throw new InvalidStreamIdError(category, 'its category holds a "-", where the id would begin')
  return parseStreamId(`${category}-${id}`)
}

/**
 * Checks a text that names a stream, e.g. one read from a URL.
 *
 * @throws {InvalidStreamIdError} as `streamId` does.
 */
export function parseStreamId(text: string): StreamId {
  const problem = problemOf(text)
  if (problem !== undefined) throw new InvalidStreamIdError(text, problem)
  return text as StreamId
}

/** The category of a stream: what stands before the first `-`. */
export function categoryOf(streamId: StreamId): string {
  return streamId.slice(0, streamId.indexOf('-'))
}

/** The id in a stream's name: what stands after the first `-`. */
export function idOf(streamId: StreamId): string {
  return streamId.slice(streamId.indexOf('-') + 1)
}

function problemOf(text: unknown): string | undefined {
  if (typeof text !== 'string') return 'it is not a string'
  if (text === '') return 'it is empty'
  const dash = text.indexOf('-')
  if (dash <= 0) return 'it has no category'
  if (dash === text.length - 1) return 'its id is empty'
  if (text.length > MAX_STREAM_ID_LENGTH)
    return `it is ${text.length} characters long, ${MAX_STREAM_ID_LENGTH} at most`
  if (text.includes('\u0000') || !text.isWellFormed())
    return 'it holds U+0000 or half of a surrogate pair'
  return undefined
}
