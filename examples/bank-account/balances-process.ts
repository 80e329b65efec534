/**
 * `balances-process.ts PLACE`, forked by the example: a runner in a process of its own. It shares the projecting of the balances until it is let go, or the
 * process that forked it is gone.
 */
import { once } from 'node:events'
import { openBank, type BankPlace } from './bank.ts'

const [, , place = '{}'] = process.argv
const letGo = process.connected ? once(process, 'disconnect') : undefined

await using bank = await openBank(JSON.parse(place) as BankPlace)
await bank.runner.start()
process.send?.(bank.runner.id, () => undefined) // who forked it may be gone: then it ends
await letGo
await bank.runner.stop()
