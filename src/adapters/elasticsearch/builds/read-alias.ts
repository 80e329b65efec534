import type { Server } from '../server/server.ts'
import type { IndexNames } from './index-names.ts'
import { IndexTakenError } from './index-taken-error.ts'

/** Tombstones are documents, too: nobody who searches by the alias sees them. */
const LIVING = { term: { 'everfold.deleted': false } }

/** The alias by which others search the live build. */
export class ReadAlias {
  readonly #server: Server
  readonly #names: IndexNames

  constructor(server: Server, names: IndexNames) {
    this.#server = server
    this.#names = names
  }

  /**
   * The indices of builds that it shows: one, or none.
   *
   * @throws {IndexTakenError} something else has its name.
   */
  async shown(): Promise<readonly string[]> {
    const { alias } = this.#names
    const { status, body } = await this.#server.send({
      ...{ method: 'GET', path: `/${alias}/_alias`, expected: [404] },
      what: `a look at alias ${alias}`,
    })
    if (status === 404) return []
    const indices = Object.keys(body as object)
    if (indices.includes(alias)) throw new IndexTakenError(alias, 'an index')
    const foreign = indices.find((index) => !this.#names.isData(index))
    if (foreign !== undefined) throw new IndexTakenError(alias, `an alias of index '${foreign}'`)
    return indices
  }

  /** Shows one index in place of others, in one step. False: they are shown no more, somebody else was faster. */
  async show(index: string, before: readonly string[]): Promise<boolean> {
    const { alias } = this.#names
    const removals = before
      .filter((each) => each !== index)
      .map((each) => ({ remove: { index: each, alias, must_exist: true } }))
    const { status } = await this.#server.send({
      ...{ method: 'POST', path: '/_aliases', what: `a switch of alias ${alias}` },
      body: { actions: [...removals, { add: { index, alias, filter: LIVING } }] },
      expected: removals.length > 0 ? [404] : [],
    })
    return status !== 404
  }
}
