/**
 * `npm run test:faults [-- --seeds N | --seed S] [--full] [FILE ...] [jest options]`: the seeded crash and race suites, or those of some files.
 * The suites print the seed of a failure; `--seed` repeats exactly that one. `--full`: as long as the promises say, some minutes.
 */
import { spawnSync } from 'node:child_process'
import { inRepository, repository } from './repository.ts'

const env: NodeJS.ProcessEnv = { ...process.env }
const jestOptions: string[] = []
const args = process.argv.slice(2)
for (let arg = args.shift(); arg !== undefined; arg = args.shift()) {
  const [name, inline] = arg.split('=', 2)
  if (name === '--seeds') env['EVERFOLD_FAULT_SEEDS'] = wholeNumber(name, inline ?? args.shift())
  else if (name === '--seed') env['EVERFOLD_FAULT_SEED'] = wholeNumber(name, inline ?? args.shift())
  else if (name === '--full') env['EVERFOLD_FAULT_SIZE'] = 'full'
  else jestOptions.push(arg)
}

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    inRepository('node_modules/jest/bin/jest.js'),
    ...(jestOptions[0]?.startsWith('-') === false ? [] : ['test/faults']),
    ...jestOptions,
  ],
  { cwd: repository, env, stdio: 'inherit' },
)
process.exitCode = status ?? 1

function wholeNumber(name: string, text: string | undefined): string {
  if (text === undefined || !/^\d+$/.test(text))
    throw new TypeError(`${name} takes a whole number, for example ${name} 200.`)
  return text
}
