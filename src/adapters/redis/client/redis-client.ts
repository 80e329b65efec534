/** What a read model needs of `createClient(...)` of the `redis` package. It is yours: connect it first, close it last. */
export interface RedisClient {
  /** As they were given to it. `disableOfflineQueue` has to be true: what was asked while the server was away is not to be sent when it is back. */
  readonly options?: { readonly disableOfflineQueue?: boolean | undefined } | undefined
  sendCommand(args: readonly string[], options?: RedisCommandOptions): Promise<unknown>
}

/** The same of `createCluster(...)`. Its nodes' clients have `defaults: { disableOfflineQueue: true }`. */
export interface RedisClusterClient {
  readonly masters: readonly unknown[]
  nodeClient(master: never): RedisClient | Promise<RedisClient>
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: string[],
    options?: RedisCommandOptions,
  ): Promise<unknown>
}

export interface RedisCommandOptions {
  /** Until it is sent, in milliseconds. */
  readonly timeout?: number
  /** Texts come as texts, whatever the client's default. */
  readonly typeMapping?: object
}
