import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { lock } from '../../../src/adapters/pglite/folder-lock.ts'
import { DatabaseInUseError } from '../../../src/adapters/pglite/index.ts'
import { describeOwner, type LockOwner } from '../../../src/adapters/pglite/lock-owner.ts'

const PROCESSES = 6
const ROUNDS = 40

let root: string
let folder: string
let file: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'everfold-lock-'))
})
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'folder-'))
  file = join(folder, 'db.lock')
})
afterAll(() => rm(root, { recursive: true }))

/** An owner whose pid lives, and who is not that process: it started at another time. */
async function deadOwner(): Promise<LockOwner> {
  return { ...(await describeOwner()), processStart: 'another boot/1' }
}

async function heldBy(owner: Partial<LockOwner>, name = file): Promise<void> {
  await writeFile(name, JSON.stringify(owner))
}

describe('the lock of a folder', () => {
  test('leaves nothing behind when it is released', async () => {
    const release = await lock(file)
    const held = await readdir(folder)
    await release()

    expect(held).toEqual(['db.lock'])
    expect(await readdir(folder)).toEqual([])
  })

  test('is refused a second time in one process, with its owner named', async () => {
    await lock(file)

    const second = lock(file)

    await expect(second).rejects.toThrow(DatabaseInUseError)
    await expect(second).rejects.toMatchObject({
      code: 'DATABASE_IN_USE',
      retryable: false,
      file,
      owner: { pid: process.pid, host: hostname() },
    })
    await expect(second).rejects.toThrow(/this process/)
    expect(await readdir(folder)).toEqual(['db.lock'])
  })

  test('is refused while the owner runs', async () => {
    await heldBy({ ...(await describeOwner()), pid: process.ppid, processStart: undefined })

    const second = lock(file)

    await expect(second).rejects.toThrow(
      new RegExp(`process ${process.ppid} on host .* Stop it first`),
    )
  })

  test('is refused when its owner is on another host, with the remedy', async () => {
    await heldBy({ ...(await deadOwner()), host: 'elsewhere' })

    const second = lock(file)

    await expect(second).rejects.toThrow(
      /host 'elsewhere'.*cannot be seen from here.*delete that file/,
    )
  })

  test('is refused when its owner is in another container of this host, with the remedy', async () => {
    await heldBy({ ...(await deadOwner()), pidNamespace: 'pid:[1]' })

    const second = lock(file)

    await expect(second).rejects.toThrow(/cannot be seen from here.*delete that file/)
    expect(await readdir(folder)).toEqual(['db.lock'])
  })

  test('is refused when its file does not tell the owner, with the remedy', async () => {
    await writeFile(file, '')

    const second = lock(file)

    await expect(second).rejects.toThrow(/does not tell by whom.*delete that file/)
  })

  test('is taken over from an owner whose process is gone', async () => {
    await heldBy({ ...(await describeOwner()), pid: await deadPid() })

    const release = await lock(file)

    expect(await ownerOf(file)).toMatchObject({ pid: process.pid })
    await release()
    expect(await readdir(folder)).toEqual([])
  })

  test('is taken over when another process has got the pid of the owner', async () => {
    await heldBy(await deadOwner())

    const release = await lock(file)

    expect(await ownerOf(file)).toMatchObject({ pid: process.pid })
    await release()
  })

  test('is taken over from a chain of owners that died while they took it over', async () => {
    const owners = [await deadOwner(), await deadOwner(), await deadOwner()] as const
    await heldBy(owners[0])
    await heldBy(owners[1], `${file}.${owners[0].id}`)
    await heldBy(owners[2], `${file}.${owners[1].id}`)

    const release = await lock(file)

    expect(await readdir(folder)).toEqual(['db.lock'])
    await release()
  })

  test('is refused while somebody who runs takes it over', async () => {
    const dead = await deadOwner()
    await heldBy(dead)
    await heldBy(await describeOwner(), `${file}.${dead.id}`)

    const second = lock(file)

    await expect(second).rejects.toThrow(DatabaseInUseError)
  })

  test('is not given free by an owner who no longer holds it', async () => {
    const release = await lock(file)
    await heldBy({ ...(await describeOwner()), pid: process.ppid })

    await release()

    expect(await ownerOf(file)).toMatchObject({ pid: process.ppid })
  })
})

describe(`${PROCESSES} processes that find a dead owner at once`, () => {
  let contenders: readonly ChildProcess[]

  beforeAll(async () => {
    contenders = Array.from({ length: PROCESSES }, () =>
      fork(new URL('lock-contender.ts', import.meta.url), { execArgv: ['--import', 'tsx'] }),
    )
    await Promise.all(contenders.map((contender) => once(contender, 'message')))
  })
  afterAll(async () => {
    for (const contender of contenders) contender.kill('SIGKILL')
    await Promise.all(contenders.map((contender) => once(contender, 'exit')))
  })

  test.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'agree on one, round %i',
    async () => {
      await heldBy(await deadOwner())

      const answers = await Promise.all(
        contenders.map((contender) => ask(contender, { lock: file })),
      )

      expect(answers.toSorted()).toEqual([
        ...Array<string>(PROCESSES - 1).fill('DATABASE_IN_USE'),
        'won',
      ])
      const winner = contenders[answers.indexOf('won')] as ChildProcess
      expect(await ownerOf(file)).toMatchObject({ pid: winner.pid })
      await ask(winner, {})
      expect(await readdir(folder)).toEqual([])
    },
  )
})

async function ask(contender: ChildProcess, message: object): Promise<string> {
  const reply = once(contender, 'message')
  contender.send(message)
  const [text] = (await reply) as [string]
  return text
}

async function deadPid(): Promise<number> {
  const child = fork(new URL('lock-contender.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  return child.pid as number
}

async function ownerOf(name: string): Promise<LockOwner> {
  return JSON.parse(await readFile(name, 'utf8')) as LockOwner
}
