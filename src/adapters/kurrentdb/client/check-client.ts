import { createRequire } from 'node:module'
import { BothClientsLoadedError } from '../errors/both-clients-loaded-error.ts'
import type { KurrentClient } from './kurrent-client.ts'

/**
 * Checks that a client can be used.
 *
 * @throws {BothClientsLoadedError} the process holds both client packages.
 * @throws {TypeError} it is no client, or one with `throwOnAppendFailure: false`: on the batch path that answers every conflict with the same made-up revision.
 */
export function checkClient(client: KurrentClient): void {
  const missing = METHODS.find(
    (method) => typeof (client as Partial<KurrentClient> | undefined)?.[method] !== 'function',
  )
  if (missing !== undefined)
    throw new TypeError(
      `client has no method '${missing}'. Pass one that @eventstore/db-client or @kurrent/kurrentdb-client made, e.g. EventStoreDBClient.connectionString('esdb://localhost:2113?tls=false').`,
    )
  if ((client as { readonly throwOnAppendFailure?: unknown }).throwOnAppendFailure === false)
    throw new TypeError(
      'The client was made with throwOnAppendFailure=false, which hides conflicts. Leave that setting out of its connection string.',
    )
  if (areBothLoaded(loadedFiles())) throw new BothClientsLoadedError()
}

const METHODS = ['appendToStream', 'readStream', 'readAll', 'subscribeToAll'] as const

/** Tells whether files of both client packages are among those that a process has loaded. */
export function areBothLoaded(files: readonly string[]): boolean {
  return PACKAGES.every((name) => files.some((file) => file.replaceAll('\\', '/').includes(name)))
}

const PACKAGES = ['/@eventstore/db-client/', '/@kurrent/kurrentdb-client/']

/** The CommonJS modules of this process: both clients are such. */
function loadedFiles(): readonly string[] {
  const { cache } = createRequire(import.meta.url) as {
    readonly cache?: Readonly<Record<string, unknown>>
  }
  return Object.keys(cache ?? {})
}
