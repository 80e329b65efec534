/** Whether EVERFOLD_REQUIRE names the server: its tests fail where it is missing. */
export function requires(server: string): boolean {
  return (process.env['EVERFOLD_REQUIRE'] ?? '').split(/[\s,]+/).includes(server)
}

/** Why the tests on a real server are skipped; undefined: they run. With `EVERFOLD_REQUIRE` they run without a server, too, and fail. */
export function reasonToSkip(server: string, variable: string): string | undefined {
  return process.env[variable] === undefined && !requires(server)
    ? `set ${variable} to a server, e.g. scripts/servers start ${server} && eval "$(scripts/servers env)"`
    : undefined
}
