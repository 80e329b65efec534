import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { EventStoreRule } from './contract-stores.ts'
import { anyAccount, deposits, opened, withIds } from './contract-events.ts'
import { eventsOf, versionsOf } from './reading.ts'

/** A command is appended to a stream once. */
export function addCommandRules(rule: EventStoreRule): void {
  rule('refuses a repeated command with the first outcome', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    const first = await store.append(account, deposits(2), { expectedVersion: 0, commandId })

    const repeated = store.append(account, deposits(1), { expectedVersion: 2, commandId })

    await assert.rejects(repeated, {
      code: 'COMMAND_REPEATED',
      streamId: account,
      commandId,
      version: 2,
      position: first.position,
    })
    assert.deepEqual(versionsOf(await eventsOf(store.readStream(account))), [1, 2])
  })

  rule("refuses a repeated command under 'any'", async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    await store.append(account, deposits(1), { expectedVersion: 'any', commandId })

    const repeated = store.append(account, deposits(1), { expectedVersion: 'any', commandId })

    await assert.rejects(repeated, { code: 'COMMAND_REPEATED', version: 1 })
  })

  rule('judges a command before the version', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    await store.append(account, deposits(2), { expectedVersion: 0, commandId })

    const repeated = store.append(account, deposits(2), { expectedVersion: 0, commandId })

    await assert.rejects(repeated, { code: 'COMMAND_REPEATED', version: 2 })
  })

  rule('judges event ids before the command', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    const batch = withIds(deposits(2))
    const first = await store.append(account, batch, { expectedVersion: 0, commandId })

    const second = await store.append(account, batch, { expectedVersion: 0, commandId })

    assert.deepEqual(second, first)
  })

  rule('accepts one command on several streams', async ({ store }) => {
    const commandId = randomUUID()
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0, commandId })

    const { version } = await store.append(anyAccount(), deposits(1), {
      expectedVersion: 0,
      commandId,
    })

    assert.equal(version, 1)
  })

  rule('forgets the command of a refused append', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    const stale = store.append(account, deposits(1), { expectedVersion: 3, commandId })
    await assert.rejects(stale, { code: 'WRONG_EXPECTED_VERSION' })

    const { version } = await store.append(account, deposits(1), { expectedVersion: 0, commandId })

    assert.equal(version, 1)
  })

  rule('accepts a command id of 255 characters of any script', async ({ store }) => {
    const account = anyAccount()
    const commandId = `${'převod '.repeat(36)}💶`.padEnd(255, '.')
    await store.append(account, deposits(1), { expectedVersion: 0, commandId })

    const found = await store.findCommand(account, commandId)

    assert.equal(found?.version, 1)
  })

  rule('names the command in the metadata of each of its events', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    const batch = [{ ...opened('Ada'), metadata: { userId: 'u1' } }, ...deposits(1)]

    await store.append(account, batch, { expectedVersion: 0, commandId })

    const events = await eventsOf(store.readStream(account))
    assert.deepEqual(
      events.map(({ metadata }) => metadata),
      [{ userId: 'u1', commandId }, { commandId }],
    )
  })

  rule('finds the outcome of a command', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    const { position } = await store.append(account, deposits(3), {
      expectedVersion: 0,
      commandId,
    })
    await store.append(account, deposits(1), { expectedVersion: 3, commandId: randomUUID() })

    const found = await store.findCommand(account, commandId)

    assert.deepEqual(found, { version: 3, position })
  })

  rule('finds no outcome of a command that another stream took', async ({ store }) => {
    const account = anyAccount()
    const commandId = randomUUID()
    await store.append(anyAccount(), deposits(1), { expectedVersion: 0, commandId })
    await store.append(account, deposits(1), { expectedVersion: 0 })

    const found = await store.findCommand(account, commandId)

    assert.equal(found, undefined)
  })
}
