import { parseArgs } from 'node:util'

export interface Options {
  /** Rows whose names hold one of these are measured; none: all. */
  readonly words: readonly string[]
  readonly rounds: number
  readonly json: boolean
}

const DEFAULT_ROUNDS = 5

/** @throws {TypeError} an option is unknown or has no usable value. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: 'string' }, json: { type: 'boolean', default: false } },
  })
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new TypeError(`--rounds '${values.rounds ?? ''}' is no whole number from 1.`)
  return { words: positionals, rounds, json: values.json }
}
