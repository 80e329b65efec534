/** Settings of an index by their names without `index.`, e.g. `{ number_of_shards: 3, refresh_interval: '5s' }`. */
export type IndexSettings = Readonly<Record<string, unknown>>

/** While a build is filled: no refresh, and no copies that would do all the work again. */
export function buildingSettings(settings: IndexSettings): IndexSettings {
  return {
    ...settings,
    ...{ refresh_interval: '-1', number_of_replicas: 0, auto_expand_replicas: 'false' },
  }
}

/** What a build has once it is filled: as declared; else it is searched a second after each change, and has a copy where there are two nodes. */
export function finishedSettings(settings: IndexSettings): IndexSettings {
  const { number_of_replicas, auto_expand_replicas = '0-1', refresh_interval = '1s' } = settings
  return number_of_replicas === undefined
    ? { refresh_interval, auto_expand_replicas }
    : { refresh_interval, number_of_replicas, auto_expand_replicas: 'false' }
}
