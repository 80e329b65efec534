import { inspect } from 'node:util'
import { TestEnvironment } from 'jest-environment-node'

const GRACE_MS = 2000
const POLL_MS = 20

/** What a test can leave open. Jest's own pipes and file requests are not in the list. */
const WATCHED = new Set([
  'TCPSocketWrap',
  'TCPServerWrap',
  'TLSWrap',
  'UDPWrap',
  'PipeServerWrap',
  'ProcessWrap',
  'Timeout',
  'MessagePort',
  'FSEventWrap',
  'StatWatcher',
  'SignalWrap',
])

/**
 * Fails a test file that leaves sockets, timers, processes or watchers behind, or whose promises
 * reject with nobody listening, also after its last test. Jest alone only warns, and only sometimes.
 */
export default class StrictEnvironment extends TestEnvironment {
  /** @type {Map<string, number>} */
  #before = new Map()
  /** @type {unknown[]} */
  #rejections = []
  #onRejection = (/** @type {unknown} */ reason) => void this.#rejections.push(reason)

  /** @override */
  async setup() {
    await super.setup()
    process.on('unhandledRejection', this.#onRejection)
    this.#before = openResources()
  }

  /** @override */
  async teardown() {
    const leaked = await this.#leakedAfterGrace()
    process.off('unhandledRejection', this.#onRejection)
    await super.teardown()
    if (this.#rejections.length > 0)
      throw new Error(`A promise rejected and nothing handled it: ${inspect(this.#rejections[0])}`)
    if (leaked.length > 0)
      throw new Error(
        `The tests are over and these are still open: ${leaked.join(', ')}. Close them in afterAll.`,
      )
  }

  async #leakedAfterGrace() {
    const deadline = Date.now() + GRACE_MS
    for (;;) {
      // Resources and rejections settle on later turns of the event loop than the last test.
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      const leaked = [...openResources()].filter(
        ([kind, count]) => count > (this.#before.get(kind) ?? 0),
      )
      if (leaked.length === 0) return []
      if (Date.now() > deadline) return leaked.map(([kind, count]) => `${count} ${kind}`)
    }
  }
}

function openResources() {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const kind of process.getActiveResourcesInfo())
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
