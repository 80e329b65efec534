import { MemoryReadModel } from '../../src/adapters/memory/index.ts'
import type { Balance } from '../domain/account.ts'
import { parkingRules } from './parking-rules.ts'

parkingRules('memory', () => new MemoryReadModel<Balance>())
