import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { statSync } from 'node:fs'
import { inRepository, repository } from './repository.ts'
import { mustRun } from './run.ts'

/** Compiles `src/` into a folder that is emptied first: JavaScript, declarations, maps and SQL. */
export async function compileInto(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mustRun(
    process.execPath,
    [
      inRepository('node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
      '--outDir',
      folder,
    ],
    { cwd: repository },
  )
  await cp(inRepository('src'), folder, {
    recursive: true,
    filter: (path) => statSync(path).isDirectory() || extname(path) === '.sql',
  })
}

/** Makes in a new temporary folder what `npm pack` needs, so that packing leaves the tree as it is. */
export async function makePackageFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'everfold-package-'))
  await compileInto(join(folder, 'dist'))
  for (const name of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'src'])
    if (existsSync(inRepository(name)))
      await cp(inRepository(name), join(folder, name), { recursive: true })
  return folder
}

/** Packs the package and answers with the path of the tarball, in a new temporary folder. */
export async function packPackage(): Promise<string> {
  const folder = await makePackageFolder()
  const target = join(folder, 'packed')
  await mkdir(target)
  const output = await mustRun(
    'npm',
    ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', target],
    { cwd: folder },
  )
  const tarball = output.trim().split('\n').at(-1) ?? ''
  return join(target, tarball)
}
