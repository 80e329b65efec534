import * as jest from '@jest/globals'
import { MemoryCheckpoints } from '../../../src/adapters/memory/index.ts'
import { checkpointsContract } from '../../../src/testing/contracts/checkpoints-contract.ts'

checkpointsContract(jest, { name: 'MemoryCheckpoints', open: () => new MemoryCheckpoints() })
