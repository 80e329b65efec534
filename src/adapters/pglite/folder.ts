import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { FolderTakenError } from './folder-taken-error.ts'
import { lock } from './folder-lock.ts'

/** A folder that this process holds. */
export interface OpenedFolder {
  readonly dataFolder: string
  /** It holds no database yet. */
  readonly isNew: boolean
  /** To be called when the database is there. */
  created(): Promise<void>
  /** Gives the folder free. */
  release(): Promise<void>
}

/** Marks a database that is being created: until it is gone, nothing in the folder was ever acknowledged. */
const CREATING = 'everfold.creating'
const LOCK = 'everfold.lock'

/**
 * Takes a folder for this process. What a creation left behind that was killed half-way is removed.
 *
 * @throws {DatabaseInUseError} it is open elsewhere.
 * @throws {FolderTakenError} it holds other files, and no database.
 */
export async function openFolder(folder: string): Promise<OpenedFolder> {
  const dataFolder = resolve(folder)
  const marker = join(dataFolder, CREATING)
  await mkdir(dataFolder, { recursive: true })
  const release = await lock(join(dataFolder, LOCK))
  try {
    const files = (await readdir(dataFolder)).filter((name) => !name.startsWith(LOCK))
    const isCut = files.includes(CREATING)
    const isNew = isCut || !files.includes('PG_VERSION')
    if (isCut) await removeAll(dataFolder, files)
    else if (isNew) await markNew(marker, dataFolder, files)
    return { dataFolder, isNew, release, created: () => rm(marker, { force: true }) }
  } catch (error) {
    await release()
    throw error
  }
}

async function markNew(marker: string, folder: string, files: readonly string[]): Promise<void> {
  const foreign = files.filter((name) => !name.startsWith('.'))
  if (foreign.length > 0) throw new FolderTakenError(folder, foreign)
  await writeFile(marker, '', { flush: true })
}

async function removeAll(folder: string, files: readonly string[]): Promise<void> {
  const leftovers = files.filter((name) => name !== CREATING && !name.startsWith('.'))
  for (const name of leftovers) await rm(join(folder, name), { recursive: true })
}
