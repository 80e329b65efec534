/** A process that tries for the locks it is told of: `lock FILE` is answered by `'won'` or the error's code, `release` gives the last one free. */
import { lock } from '../../../src/adapters/pglite/folder-lock.ts'
import { EverfoldError } from '../../../src/errors.ts'

let release: (() => Promise<void>) | undefined

process.on('message', (message: { readonly lock?: string }) => {
  void answer(message).then((reply) => process.send?.(reply))
})
process.send?.('ready')

async function answer({ lock: file }: { readonly lock?: string }): Promise<string> {
  if (file === undefined) {
    await release?.()
    return 'released'
  }
  try {
    release = await lock(file)
    return 'won'
  } catch (error) {
    return EverfoldError.is(error) ? error.code : String(error)
  }
}
