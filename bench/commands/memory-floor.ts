import { randomUUID } from 'node:crypto'
import type { Side } from '../benchmark.ts'
import { account, evolveByHand, evolveEvent } from '../workload/account.ts'
import { decideByHand, type Errand } from '../workload/commands.ts'
import { CommandsResult } from './commands-result.ts'

interface Stored {
  readonly streamId: string
  readonly version: number
  readonly position: number
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly data: string
  readonly metadata: string
  readonly recordedAtMs: number
}

/** A map of streams, a list for the log, and JSON texts, so that nobody can change what was stored. */
export function memoryCommandsFloor(errands: readonly Errand[]): Side {
  return {
    prepare: async () => {
      const streams = new Map<string, Stored[]>()
      const log: Stored[] = []
      let cents = 0
      const execute = async ({ id, command }: Errand): Promise<void> => {
        const streamId = `account-${id}`
        const stream = streams.get(streamId) ?? []
        let state = account.initialState()
        for (const stored of stream) state = evolveByHand(state, stored)
        const correlationId = randomUUID()
        const metadata = JSON.stringify({ correlationId, causationId: correlationId })
        for (const event of decideByHand(state, command)) {
          const stored = {
            streamId,
            version: stream.length + 1,
            position: log.length + 1,
            id: randomUUID(),
            type: event.type,
            schemaVersion: 1,
            data: JSON.stringify(event.data),
            metadata,
            recordedAtMs: Date.now(),
          }
          stream.push(stored)
          log.push(stored)
          state = evolveEvent(state, event)
        }
        streams.set(streamId, stream)
        cents += state.cents
      }
      return {
        work: async () => {
          for (const errand of errands) await execute(errand)
        },
        finish: async () => {
          const result = new CommandsResult(cents)
          for (const stored of log) result.add(stored)
          return result.toString()
        },
      }
    },
  }
}
