import { spawn } from 'node:child_process'

export interface RunResult {
  readonly status: number
  readonly output: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  readonly timeoutMs?: number
}

/** Runs a program to its end and answers with its exit status and everything that it printed. */
export async function run(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, timeoutMs = 300_000 }: RunOptions = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    // A group of its own, so that a timeout also ends what the program itself started.
    const child = spawn(program, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))

    const endGroup = () => {
      if (child.pid === undefined) return
      try {
        process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It ended by itself meanwhile.
      }
    }
    const timer = setTimeout(() => {
      chunks.push(Buffer.from(`\nNot finished after ${timeoutMs / 1000} s: ended.\n`))
      endGroup()
    }, timeoutMs)
    process.once('exit', endGroup)

    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      process.off('exit', endGroup)
      resolve({ status: code ?? 1, output: Buffer.concat(chunks).toString() })
    })
  })
}

/** Runs a program and throws, with its output, when it fails. */
export async function mustRun(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { status, output } = await run(program, args, options)
  if (status !== 0)
    throw new Error(`'${program} ${args.join(' ')}' ended with status ${status}.\n${output}`)
  return output
}
