import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { z } from 'zod'
import { defineEvents, drop, event } from '../../src/index.ts'
import { upcasterGate } from '../../src/testing/index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'everfold-fixtures-'))
})
afterEach(() => rm(folder, { recursive: true }))

const first = defineEvents('account', { Deposited: event<{ amount: number }>() })
const current = defineEvents(
  'account',
  {
    Deposited: event<{ cents: number }, [{ amount: number }]>({
      upcast: { 1: (old) => ({ cents: old.amount * 100 }) },
      schema: z.object({ cents: z.number().int() }),
    }),
  },
  { retired: { Paid: 'Deposited', Moved: { 1: () => drop, 2: () => drop } } },
)
const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)

async function writeAll(): Promise<void> {
  await write('Deposited.v1.json', '{ "data": { "amount": 3 } }')
  await write('Deposited.v2.json', '{ "data": { "cents": 3 }, "metadata": { "userId": "u1" } }')
  await write('Paid.v1.json', '{ "data": { "amount": 3 }, "id": "42" }')
  await write('Moved.v1.json', '{ "data": 1 }')
  await write('Moved.v2.json', '{ "data": 2 }')
}

test('passes where each shape that was ever stored is carried on', async () => {
  await writeAll()

  await expect(upcasterGate(current, folder)).resolves.toBeUndefined()
})

test('fails where a new version has no fixture, with the command that writes one', async () => {
  const samples = [first.Deposited({ amount: 3 })]
  await upcasterGate(first, folder, { samples, write: true })
  await upcasterGate(first, folder, { write: false })

  const gate = upcasterGate(current, folder, { write: false })

  await expect(gate).rejects.toMatchObject({ code: 'ERR_ASSERTION' })
  await expect(gate).rejects.toThrow(/Deposited\.v2\.json is missing.*EVERFOLD_FIXTURES=write/)
  await expect(gate).rejects.toThrow(/Paid\.v1\.json is missing.*echo/)
  await expect(gate).rejects.toThrow(/Moved\.v2\.json is missing/)
  await expect(gate).rejects.not.toThrow(/Deposited\.v1/)
})

test('writes what is missing of current versions, and changes nothing that is there', async () => {
  await writeAll()
  await rm(join(folder, 'Deposited.v2.json'))
  const before = await readFile(join(folder, 'Deposited.v1.json'), 'utf8')
  const samples = [current.Deposited({ cents: 5 }, { metadata: { userId: 'u1' } })]

  await upcasterGate(current, folder, { samples, write: true })
  await upcasterGate(current, folder, { samples: [current.Deposited({ cents: 6 })], write: true })

  expect(JSON.parse(await readFile(join(folder, 'Deposited.v2.json'), 'utf8'))).toEqual({
    data: { cents: 5 },
    metadata: { userId: 'u1' },
  })
  expect(await readFile(join(folder, 'Deposited.v1.json'), 'utf8')).toBe(before)
  expect(await readdir(folder)).toHaveLength(5)
})

test.each([
  ['is no JSON', '{', /Deposited\.v1\.json cannot be read: .*JSON/],
  ['holds no event', '{ "amount": 3 }', /Deposited\.v1\.json cannot be read: .*"data"/],
  ['makes a step throw', '{ "data": null }', /could not be carried on .*\(Cannot read/],
  [
    'is carried on to what the validator refuses',
    '{ "data": { "amount": 0.001 } }',
    /Deposited\.v1\.json is carried on to a 'Deposited' that its validator refuses: Invalid input/,
  ],
])('fails with the name of a fixture that %s', async (_, text, message) => {
  await writeAll()
  await write('Deposited.v1.json', text)

  await expect(upcasterGate(current, folder)).rejects.toThrow(message)
})

test('fails where the catalog forgot a type that has a fixture', async () => {
  await upcasterGate(first, folder, { samples: [first.Deposited({ amount: 3 })], write: true })
  const forgetful = defineEvents('account', {})

  const gate = upcasterGate(forgetful, folder)

  await expect(gate).rejects.toThrow(/Deposited\.v1\.json is of no type .* retire its type/)
})

test('fails where a step depends on more than the stored event', async () => {
  let calls = 0
  const impure = defineEvents('account', {
    Deposited: event<{ call: number }, [unknown]>({ upcast: { 1: () => ({ call: calls++ }) } }),
  })
  await write('Deposited.v1.json', '{ "data": 1 }')
  await write('Deposited.v2.json', '{ "data": { "call": 1 } }')

  await expect(upcasterGate(impure, folder)).rejects.toThrow(/v1\.json was carried on to two/)
})
