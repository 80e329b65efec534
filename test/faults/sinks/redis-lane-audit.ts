/** A lane's record, as far as it tells who may move it where. */
interface Step {
  readonly owner: string
  readonly epoch: number
  readonly position: bigint
}

interface Client {
  readonly isOpen: boolean
  connect(): Promise<unknown>
  monitor(listener: (line: string) => void): Promise<void>
  destroy(): void
}

/** Hears every command of the server, those of scripts, too: each step of each lane, also those between two looks of a test. */
export class RedisLaneAudit {
  /** Steps that nobody but the lane's owner may make. */
  readonly stolen: string[] = []
  readonly #client: Client
  readonly #prefix: string
  readonly #lanes = new Map<string, Step>()

  constructor(client: Client, prefix: string) {
    this.#client = client
    this.#prefix = prefix
  }

  async begin(): Promise<void> {
    await this.#client.connect()
    await this.#client.monitor((line) => {
      this.#hear(line)
    })
  }

  end(): void {
    if (this.#client.isOpen) this.#client.destroy()
  }

  /** E.g. `1700000000.1 [0 lua] "HSET" "{balances:b1:0}:lane" "revision" "..." ...`. */
  #hear(line: string): void {
    if (!line.includes(`"{${this.#prefix}:b`) || !line.includes(':lane"')) return
    const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word)
    const [command = '', key = '', ...fields] = words
    if (command.toUpperCase() === 'UNLINK')
      for (const each of words.slice(1)) this.#lanes.delete(each)
    if (command.toUpperCase() !== 'HSET' || !key.endsWith(':lane')) return
    const values = new Map<string, string>()
    for (let index = 0; index < fields.length; index += 2)
      values.set(fields[index] ?? '', fields[index + 1] ?? '')
    if (values.has('revision')) this.#note(key, values)
  }

  #note(key: string, values: ReadonlyMap<string, string>): void {
    const step = {
      owner: values.get('owner') ?? '',
      epoch: Number(values.get('epoch')),
      position: BigInt(values.get('position') ?? ''),
    }
    const before = this.#lanes.get(key)
    this.#lanes.set(key, step)
    if (before !== undefined && isStolen(before, step))
      this.stolen.push(`${key}: ${textOf(before)}, then ${textOf(step)}`)
  }
}

function isStolen(before: Step, step: Step): boolean {
  if (step.position < before.position) return true
  if (step.epoch === before.epoch + 1) return false
  if (step.epoch !== before.epoch) return true
  if (step.owner !== '' && step.owner !== before.owner) return true
  return step.position !== before.position && before.owner === ''
}

function textOf({ owner, epoch, position }: Step): string {
  return `epoch ${epoch} of '${owner}' at ${position}`
}
