/** A bank history that cannot be read, or contradicts what was imported before. Says where in the file. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError'
  /** Line of the file, from 1; undefined: the file as a whole. */
  readonly line: number | undefined
  readonly column: string | undefined

  constructor(
    problem: string,
    place: {
      readonly file: string
      readonly line?: number | undefined
      readonly column?: string | undefined
    },
    options?: ErrorOptions,
  ) {
    const { file, line, column } = place
    const inFile = [
      file,
      line === undefined ? '' : `, line ${line}`,
      column === undefined ? '' : `, column ${column}`,
    ].join('')
    super(`${inFile}: ${problem}`, options)
    this.line = line
    this.column = column
  }
}
