import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Member } from '../../../projections/read-model-storage.ts'
import { put } from './contract-document.ts'
import type { ReadModelRule } from './contract-model.ts'

type AddRules = (rule: ReadModelRule) => void

/** The runners of a read model, with or without lanes. */
export const addMemberRules: AddRules = (rule) => {
  rule('gives a runner its own record, before anything was built', async ({ storage }) => {
    const member = anyMember('ada', {
      ...{ leaseMs: 2 ** 40, version: 2 ** 31, fingerprint: `f'"\\ é` },
    })

    assert.deepEqual(await storage.beat(member), [member])
  })

  rule(
    'gives the records of all runners, as each has written its own last',
    async ({ storage }) => {
      const [ada, bob, later] = [
        anyMember('ada'),
        anyMember('bob'),
        anyMember('ada', { version: 2 }),
      ]
      await storage.beat(ada)

      const first = await storage.beat(bob)
      const second = await storage.beat(later)

      assert.deepEqual(byRunner(first), [ada, bob])
      assert.deepEqual(byRunner(second), [later, bob])
    },
  )

  rule('forgets a runner that leaves, and no other', async ({ storage }) => {
    const [ada, bob, eve] = [anyMember('ada'), anyMember('bob'), anyMember('eve')]
    for (const each of [ada, bob, eve]) await storage.beat(each)

    await storage.leave('bob')
    await storage.leave('bob')
    await storage.leave('never there')

    assert.deepEqual(byRunner(await storage.beat(ada)), [ada, eve])
  })

  rule('takes a runner back that had left', async ({ storage }) => {
    const ada = anyMember('ada')
    await storage.beat(ada)
    await storage.leave('ada')

    assert.deepEqual(await storage.beat(ada), [ada])
  })

  rule('gives every one of several runners that beat at once', async ({ storage }) => {
    const members = Array.from({ length: 8 }, (_, index) => anyMember(`runner-${index}`))

    const seen = await Promise.all(members.map((each) => storage.beat(each)))

    const [first] = members
    assert(first)
    assert.deepEqual(byRunner(await storage.beat(first)), members)
    for (const [index, found] of seen.entries())
      assert.deepEqual(
        found.filter(({ runner }) => runner === `runner-${index}`),
        [members[index]],
      )
  })

  rule('keeps runners when builds are dropped', async (given) => {
    const live = await given.build()
    const building = await given.buildBeside()
    const ada = anyMember('ada')
    await given.storage.beat(ada)

    await given.storage.drop(building)

    await given.write(live, [put('a')])
    assert.deepEqual(await given.storage.beat(ada), [ada])
  })
}

function anyMember(runner: string, changes: Partial<Member> = {}): Member {
  return {
    ...{ runner, revision: randomUUID(), leaseMs: 30_000, version: 1, fingerprint: 'f1' },
    ...changes,
  }
}

const byRunner = (members: readonly Member[]): readonly Member[] =>
  members.toSorted((one, other) => (one.runner < other.runner ? -1 : 1))
