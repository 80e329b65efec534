import type { ServerFailure } from './server-answer.ts'

/** What became of one item of a bulk. */
export interface BulkItemAnswer {
  readonly status: number
  readonly error?: ServerFailure | undefined
}

/** The answers of a bulk, in the order of its items; undefined: all were done. */
export function itemAnswers(body: unknown): readonly BulkItemAnswer[] | undefined {
  const { errors, items } = body as {
    readonly errors: boolean
    readonly items: readonly Readonly<Record<string, BulkItemAnswer>>[]
  }
  if (!errors) return undefined
  return items.map((item) => Object.values(item)[0] ?? { status: 500 })
}
