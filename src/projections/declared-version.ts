const versions = new WeakMap<object, number>()

/** Notes the version of the projection that this code runs into a read model. */
export function declareVersion(storage: object, version: number): void {
  versions.set(storage, version)
}

/** Undefined: this code runs no projection into it. */
export function declaredVersionOf(storage: object): number | undefined {
  return versions.get(storage)
}
