import { randomUUID } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'

/** Who holds a folder, as its lock file tells. */
export interface LockOwner {
  readonly id: string
  readonly pid: number
  readonly host: string
  /** When it took the folder, in ISO 8601. */
  readonly since: string
  /** Tells this process from a later one with the same pid; undefined where the system does not tell (only Linux does). */
  readonly processStart: string | undefined
  /** Within which a pid names a process, e.g. one container; undefined where the system does not tell (only Linux does). */
  readonly pidNamespace: string | undefined
}

/** Describes this process as an owner, with an id of its own each time. */
export async function describeOwner(): Promise<LockOwner> {
  const { pid } = process
  return {
    id: randomUUID(),
    pid,
    host: hostname(),
    since: new Date().toISOString(),
    processStart: await processStartOf(pid),
    pidNamespace: pidNamespace(),
  }
}

/** Tells whether the process of an owner can be looked for from here: it is on this host, and in no other container. */
export function isVisible(owner: LockOwner): boolean {
  return owner.host === hostname() && owner.pidNamespace === pidNamespace()
}

/** Tells whether an owner can still be running; one that cannot be seen from here always can. */
export async function isAlive(owner: LockOwner): Promise<boolean> {
  if (!isVisible(owner)) return true
  const { pid, processStart } = owner
  if (!isRunning(pid)) return false
  const found = await processStartOf(pid)
  return processStart === undefined || found === undefined || found === processStart
}

/** Reads what a lock file says; undefined: nothing that makes sense. */
export function parseOwner(text: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<LockOwner> | null
    const isWhole =
      typeof owner?.id === 'string' &&
      typeof owner.pid === 'number' &&
      typeof owner.host === 'string' &&
      typeof owner.since === 'string'
    return isWhole ? (owner as LockOwner) : undefined
  } catch {
    return undefined
  }
}

/** Containers that share a folder may well share their host name, too. */
function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid')
  } catch {
    return undefined
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH' // EPERM: it runs, as somebody else
  }
}

/** The boot and the clock tick in which a process started; undefined where nobody tells (another system, a hidden process). */
async function processStartOf(pid: number): Promise<string | undefined> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ])
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // from the state on; the name before may hold spaces
    return fields[STATE] === ZOMBIE ? 'ended' : `${boot.trim()}/${fields[START_TIME] ?? ''}`
  } catch {
    return undefined
  }
}

const STATE = 0
/** It has ended, and its parent did not ask yet. */
const ZOMBIE = 'Z'
const START_TIME = 19
