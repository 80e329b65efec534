import { compileInto } from './package-folder.ts'
import { inRepository } from './repository.ts'

await compileInto(inRepository('dist'))
