import * as jest from '@jest/globals'
import { memorySnapshotStore } from '../../../src/adapters/memory/index.ts'
import { snapshotStoreContract } from '../../../src/testing/index.ts'

snapshotStoreContract(jest, { name: 'memorySnapshotStore', open: () => memorySnapshotStore() })
