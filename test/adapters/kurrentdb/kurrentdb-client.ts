import { KurrentDBClient } from '@kurrent/kurrentdb-client'
import type { ClientUnderTest } from './test-client.ts'

export const kurrentDBClient: ClientUnderTest = {
  clientPackage: '@kurrent/kurrentdb-client',
  open: (url) => KurrentDBClient.connectionString(url),
}
