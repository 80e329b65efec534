import { setTimeout as sleep } from 'node:timers/promises'

/** Resolves when `isSo`, or after half a minute: expect then what was waited for. */
export async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 30_000
  while (performance.now() < end && !(await isSo())) await sleep(20)
}
