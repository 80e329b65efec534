/**
 * Lines up the steps from schema version 1 to `last`.
 *
 * @throws {TypeError} one is missing, surplus, named twice or no function.
 */
export function stepsFrom<Step>(
  owner: string,
  steps: Readonly<Record<number, Step>>,
  last: number,
): readonly Step[] {
  for (const key of Object.keys(steps)) checkKey(owner, key, last)
  return Array.from({ length: last }, (_, index) => stepOf(owner, steps, index + 1))
}

function checkKey(owner: string, key: string, last: number): void {
  const version = Number(key)
  if (!(version >= 1 && version <= last))
    throw new TypeError(
      `${owner} has a step '${key}' that carries nothing on: number the steps from 1, one for each schema version that was stored.`,
    )
  // '01' beside 1, or '1.0': two steps from one version, of which only one could run.
  if (key !== String(Math.trunc(version)))
    throw new TypeError(
      `${owner} has a step '${key}': write it as ${Math.trunc(version)}, and give each schema version one step only.`,
    )
}

function stepOf<Step>(owner: string, steps: Readonly<Record<number, Step>>, version: number): Step {
  const step = steps[version]
  if (typeof step === 'function') return step
  throw new TypeError(
    `${owner} has no upcaster step from schema version ${version}. Add ${version}: (old) => ... to its steps.`,
  )
}
