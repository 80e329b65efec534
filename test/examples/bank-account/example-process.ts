import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../../..', import.meta.url))

export interface ExampleRun {
  /** Exit status; undefined: it was killed. */
  readonly status: number | undefined
  readonly stdout: string
  readonly stderr: string
}

/** The bank-account example in a process of its own. */
export interface ExampleProcess {
  readonly process: ChildProcess
  /** Settles when standard error holds the text, or when the process ends without having said it. */
  readonly said: (text: string) => Promise<void>
  readonly ended: Promise<ExampleRun>
}

export function startExample(...args: readonly string[]): ExampleProcess {
  return startExampleWith({}, ...args)
}

/** The same with more variables in its environment. */
export function startExampleWith(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): ExampleProcess {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'examples/bank-account/main.ts', ...args],
    { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...variables } },
  )
  const heard = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text))
  const ended = new Promise<ExampleRun>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      resolve({ status: status ?? undefined, ...heard })
    })
  })
  const said = async (text: string): Promise<void> => {
    const spoken = new Promise<void>((resolve) => {
      const listen = (): void => {
        if (heard.stderr.includes(text)) resolve()
      }
      child.stderr.on('data', listen)
      listen()
    })
    await Promise.race([spoken, ended])
  }
  return { process: child, said, ended }
}

/** Runs the example to its end. */
export function runExample(...args: readonly string[]): Promise<ExampleRun> {
  return startExample(...args).ended
}
