/** What is asked for ahead may fail while nobody awaits it: that is reported when it is awaited, or not wanted any more. */
export function held<Result>(coming: Promise<Result>): Promise<Result> {
  coming.catch(() => undefined)
  return coming
}
