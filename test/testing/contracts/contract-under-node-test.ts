// Run by contract.test.ts: the contract mechanism in the test runner of Node itself.
import assert from 'node:assert/strict'
import { after as afterAll, before as beforeAll, describe, it } from 'node:test'
import { memoryEventStore } from '../../../src/adapters/memory/index.ts'
import { contract } from '../../../src/testing/index.ts'

const subject = {
  name: 'memoryEventStore',
  open: () => memoryEventStore({ catalogs: [] }),
  unsupported: { 'keeps no events': 'it does' },
}

contract({ describe, it, beforeAll, afterAll }, 'Example', subject, (rule) => {
  rule('begins empty', async (store) => {
    assert.equal(await store.head(), undefined)
  })
  rule('keeps no events', () => {
    assert.fail('A rule that is unsupported does not run.')
  })
})
