import { link, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { DatabaseInUseError } from './database-in-use-error.ts'
import { describeOwner, isAlive, parseOwner, type LockOwner } from './lock-owner.ts'

/**
 * Takes the lock that `file` stands for, from a dead owner too.
 *
 * Many processes may find one dead owner at once, and to delete its file would be to delete the lock of whoever was faster. So the lock is a chain:
 * who finds A dead at `file` links `file.A`; who finds B dead there links `file.B`, and so on. A name can be linked once, so one wins. The winner looks
 * at the chain again (an earlier one may have come and tidied up meanwhile), then moves its own link to the front.
 *
 * @returns gives the lock free.
 * @throws {DatabaseInUseError} its owner runs, or nobody here can tell.
 */
export async function lock(file: string): Promise<() => Promise<void>> {
  const owner = await describeOwner()
  const draft = `${file}.${owner.id}.draft`
  await writeFile(draft, JSON.stringify(owner), { flush: true })
  try {
    while (!(await tryLock(file, draft)));
  } finally {
    await unlink(draft)
  }
  return () => unlock(file, owner)
}

/** False: another process moved something meanwhile; look again. */
async function tryLock(file: string, draft: string): Promise<boolean> {
  const dead: Link[] = []
  for (;;) {
    const last = dead.at(-1)
    const name = last === undefined ? file : `${file}.${last.owner.id}`
    if (await tryLink(draft, name)) return moveToFront(name, dead, file)
    const owner = await readOwner(name)
    if (owner === 'gone') return false
    if (owner === undefined || (await isAlive(owner))) {
      if (await isUnchanged(dead)) throw new DatabaseInUseError(name, owner)
      return false
    }
    dead.push({ name, owner })
  }
}

interface Link {
  readonly name: string
  readonly owner: LockOwner
}

async function moveToFront(name: string, dead: readonly Link[], file: string): Promise<boolean> {
  if (!(await isUnchanged(dead))) {
    await unlink(name)
    return false
  }
  if (name !== file) await rename(name, file)
  for (const link of dead.slice(1)) await rm(link.name, { force: true })
  return true
}

async function isUnchanged(links: readonly Link[]): Promise<boolean> {
  for (const { name, owner } of links) {
    const current = await readOwner(name)
    if (current === 'gone' || current?.id !== owner.id) return false
  }
  return true
}

async function unlock(file: string, { id }: LockOwner): Promise<void> {
  const owner = await readOwner(file)
  if (owner !== 'gone' && owner?.id === id) await unlink(file)
}

async function tryLink(draft: string, name: string): Promise<boolean> {
  try {
    await link(draft, name)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

async function readOwner(name: string): Promise<LockOwner | undefined | 'gone'> {
  try {
    return parseOwner(await readFile(name, 'utf8'))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 'gone'
    throw error
  }
}

function hasCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code
}
