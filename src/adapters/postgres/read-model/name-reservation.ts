const PREFIX = 'with '

/** The revision of a builds record that only keeps a name from others: of a table that an SQL projection has beside its first one. */
export function reservedWith(first: string): string {
  return `${PREFIX}${first}`
}

/** The first table of the SQL projection that a builds record keeps its name for; undefined: it is the record of builds. */
export function firstOfReservation(revision: string): string | undefined {
  return revision.startsWith(PREFIX) ? revision.slice(PREFIX.length) : undefined
}

/** Whether the recorded columns of a build are tables of an SQL projection, as JSON. Columns of documents are none. */
export function isListOfTables(columns: string): boolean {
  return columns.startsWith('[')
}
