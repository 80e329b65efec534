import type { BuildsRecord } from '../../../projections/builds/build.ts'

/** Fields of the builds record and their values: two of them for readers in other languages. */
export function buildsFields({ revision, ...builds }: BuildsRecord): readonly string[] {
  const { number, lanes } = builds.live
  return [
    ...['revision', revision, 'record', JSON.stringify(builds)],
    ...['live', `${number}`, 'lanes', `${lanes}`],
  ]
}

/** @param values of `revision` and `record`. */
export function buildsRecord([revision, json]: readonly (string | null)[]):
  BuildsRecord | undefined {
  if (typeof revision !== 'string' || typeof json !== 'string') return undefined
  const { building, previous, ...rest } = JSON.parse(json) as Omit<BuildsRecord, 'revision'>
  return { revision, building, previous, ...rest }
}
