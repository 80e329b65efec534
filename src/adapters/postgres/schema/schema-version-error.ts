import { EverfoldError } from '../../../errors.ts'

/** The tables in a schema are not those that this code knows: newer code has migrated it, or nobody has yet and the store may not. Nothing was read or written. */
export class SchemaVersionError extends EverfoldError {
  readonly code = 'SCHEMA_VERSION'
  readonly retryable = false
  readonly schema: string
  /** Version of the schema in the database; 0: it is missing, or holds no tables of ours. */
  readonly found: number
  /** Version that this code knows and needs. */
  readonly known: number

  constructor(
    schema: string,
    versions: {
      readonly found: number
      readonly known: number
      /** Whose migrations they are, where not the event store's. */
      readonly of?: 'snapshots' | undefined
    },
    options?: ErrorOptions,
  ) {
    const { found, known, of } = versions
    const remedy =
      of === undefined
        ? `Run store.migrate() as a role that may change the schema, or the SQL that migrationSql({ schema, from: ${found} }) gives`
        : `Run the SQL that migrationSql({ of: '${of}', schema, from: ${found} }) gives as a role that may change the schema`
    super(
      found > known
        ? `Schema '${schema}' is at version ${found}, and this version of everfold knows ${known} at most. Deploy the version that migrated it, or a later one.`
        : `Schema '${schema}' is at version ${found}${found === 0 ? ', which is none' : ''}, and this version of everfold needs ${known}. ` +
            `${remedy}; then try again.`,
      options,
    )
    this.schema = schema
    this.found = found
    this.known = known
  }
}
