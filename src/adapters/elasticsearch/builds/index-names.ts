import type { Build } from '../../../projections/builds/build.ts'

/** Elasticsearch keeps 255 bytes of a name; the rest is for what builds add. */
const MAX_BYTES = 200

/** The names of a read model: an alias of the user's name for readers, and an index per build that no other build ever had. */
export class IndexNames {
  /** The user's name, that of the alias which shows the live build. */
  readonly alias: string

  /** @throws {TypeError} a name that Elasticsearch does not take. */
  constructor(alias: string) {
    const isName =
      /^[^A-Z\\/*?"<>| ,#:_+\-.][^A-Z\\/*?"<>| ,#:]*$/.test(alias) &&
      Buffer.byteLength(alias) <= MAX_BYTES
    if (!isName)
      throw new TypeError(
        `index is '${alias}'. Use up to ${MAX_BYTES} bytes of small letters, digits, '-' and '_', e.g. 'accounts'; the first is a letter or a digit.`,
      )
    this.alias = alias
  }

  /** Holds the records of builds, lanes, members and parked events. */
  get records(): string {
    return `${this.alias}-lanes`
  }

  /** The alias through which records are written: a late write makes no index. */
  get recordsWrite(): string {
    return `${this.records}-write`
  }

  /** @param lineage random: an index that is made again has another name. */
  data({ number }: Build, lineage: string): string {
    return `${this.alias}-b${number}-${lineage}`
  }

  /** The alias through which a build is written: a late bulk makes no index. */
  dataWrite(build: Build, lineage: string): string {
    return `${this.data(build, lineage)}-write`
  }

  /** Matches the indices of all builds, and perhaps others. */
  get dataPattern(): string {
    return `${this.alias}-b*`
  }

  /** Tells whether a name is that of a build's index. */
  isData(name: string): boolean {
    const rest = name.startsWith(`${this.alias}-b`) ? name.slice(this.alias.length + 2) : ''
    return /^\d+-[0-9a-f]{12}$/.test(rest)
  }
}
