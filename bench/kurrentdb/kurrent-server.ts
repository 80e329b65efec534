import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { EventStoreDBClient } from '@eventstore/db-client'
import type { LogSum, Reply, Request } from './server-process.ts'

/** The tests' server in a process of its own, and a client: no registry ships a real one. What a row costs here is what client, wire and this server cost. */
export class Kurrent {
  readonly client: EventStoreDBClient
  readonly #process: ChildProcess

  private constructor(process: ChildProcess, url: string) {
    this.#process = process
    this.client = EventStoreDBClient.connectionString(url)
  }

  static async start(): Promise<Kurrent> {
    const process = fork(PROGRAM, { execArgv: ['--import', 'tsx'] })
    return new Kurrent(process, (await answerOf(process)) as string)
  }

  /** Forgets all events. */
  async empty(): Promise<void> {
    await this.#ask('empty')
  }

  async tally(): Promise<LogSum> {
    return (await this.#ask('tally')) as LogSum
  }

  async stop(): Promise<void> {
    await this.client.dispose()
    const exited = once(this.#process, 'exit')
    this.#process.disconnect()
    await exited
  }

  #ask(request: Request): Promise<Reply> {
    this.#process.send(request)
    return answerOf(this.#process)
  }
}

const PROGRAM = fileURLToPath(new URL('server-process.ts', import.meta.url))

async function answerOf(process: ChildProcess): Promise<Reply> {
  const [{ answer }] = (await once(process, 'message')) as [{ readonly answer: Reply }]
  return answer
}

let opened: Promise<Kurrent> | undefined

export function kurrent(): Promise<Kurrent> {
  return (opened ??= Kurrent.start())
}

export async function closeKurrent(): Promise<void> {
  await (await opened)?.stop()
}
