import type { KurrentClient } from '../../../src/adapters/kurrentdb/client/kurrent-client.ts'
import type { ClientPackage } from './server/generated-code.ts'

/** A client as the tests use it: the part that the adapter takes, and what arranges a test. */
export interface TestClient extends KurrentClient {
  deleteStream(name: string, options?: object): Promise<unknown>
  tombstoneStream(name: string, options?: object): Promise<unknown>
  setStreamMetadata(name: string, metadata: object, options?: object): Promise<unknown>
  dispose(): Promise<void>
}

/** One of the two clients, each loaded by its own test files alone. */
export interface ClientUnderTest {
  readonly clientPackage: ClientPackage
  readonly open: (url: string) => TestClient
}
