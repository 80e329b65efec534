import { once } from 'node:events'
import net from 'node:net'

/** Lets a network of a test listen on a free port. @returns the URL of the server that it stands in front of, through it. */
export async function listenBefore(target: URL, network: net.Server): Promise<string> {
  network.listen(0, '127.0.0.1')
  await once(network, 'listening')
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String((network.address() as net.AddressInfo).port)
  return url.href
}
