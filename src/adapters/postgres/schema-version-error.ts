import { EverfoldError } from '../../errors.ts'

/** Newer code has migrated the schema: this code does not know its tables. Nothing was read or written. */
export class SchemaVersionError extends EverfoldError {
  readonly code = 'SCHEMA_VERSION'
  readonly retryable = false
  readonly schema: string
  /** Version of the schema in the database. */
  readonly found: number
  /** Newest version that this code knows. */
  readonly known: number

  constructor(
    schema: string,
    versions: { readonly found: number; readonly known: number },
    options?: ErrorOptions,
  ) {
    const { found, known } = versions
    super(
      `Schema '${schema}' is at version ${found}, and this version of everfold knows ${known} at most. Deploy the version that migrated it, or a later one.`,
      options,
    )
    this.schema = schema
    this.found = found
    this.known = known
  }
}
