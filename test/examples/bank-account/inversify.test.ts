import { describe, expect, test } from '@jest/globals'
import { Container } from 'inversify'
import { accountBalances, type Balance } from '../../../examples/bank-account/account-balances.ts'
import { accountEvents } from '../../../examples/bank-account/account-events.ts'
import { account } from '../../../examples/bank-account/account.ts'
import { memoryEventStore, MemoryReadModel } from '../../../src/adapters/memory/index.ts'
import { project } from '../../../src/index.ts'
import { everfoldModule, PROJECTION_RUNNER, REPOSITORY } from '../../../src/inversify/index.ts'

describe('the bank account', () => {
  test('is wired by inversify as it is by hand', async () => {
    const balances = new MemoryReadModel<Balance>()
    const container = new Container()
    container.load(
      everfoldModule({
        store: memoryEventStore({ catalogs: [accountEvents] }),
        projections: [project(accountBalances).into(balances)],
      }),
    )

    const repository = container.get(REPOSITORY)
    await repository.execute(account, '42', { type: 'Open', owner: 'Ada' })
    await repository.execute(account, '42', { type: 'Deposit', cents: 100 })
    await container.get(PROJECTION_RUNNER).runUntilCaughtUp()

    expect(await balances.get('account-42')).toEqual({ owner: 'Ada', cents: 100 })
  })
})
