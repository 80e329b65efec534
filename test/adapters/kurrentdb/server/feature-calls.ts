import type { sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js'
import type * as FeaturesPb from '@eventstore/db-client/generated/serverfeatures_pb.js'
import { statusOf, type Faults } from './faults.ts'
import type { GeneratedCode } from './generated-code.ts'

const SERVICE = 'event_store.client.streams.streams'
const SECOND = 'kurrentdb.protocol.v2.streams.streamsservice'

/** Tells what the server can do, with names in lower case and the features of each method (facts 5). */
export function answerFeatures(
  code: GeneratedCode,
  { version, hasBatchAppend }: { readonly version: string; readonly hasBatchAppend: boolean },
  faults: Faults,
): UntypedServiceImplementation {
  return {
    getSupportedMethods: (
      _call: unknown,
      callback: sendUnaryData<FeaturesPb.SupportedMethods>,
    ): void => {
      const fault = faults.take('features')
      if (fault?.kind === 'silence') return
      const status = statusOf(fault, code)
      if (status !== undefined) {
        callback(status)
        return
      }
      callback(null, supported(code, version, hasBatchAppend))
    },
  }
}

function supported(
  { features }: GeneratedCode,
  version: string,
  hasBatchAppend: boolean,
): FeaturesPb.SupportedMethods {
  const { SupportedMethod, SupportedMethods } = features
  const method = (name: string, list: string[] = [], service = SERVICE) =>
    new SupportedMethod().setServiceName(service).setMethodName(name).setFeaturesList(list)
  return new SupportedMethods().setEventStoreServerVersion(version).setMethodsList([
    method('read', ['position', 'events']),
    method('append'),
    ...(hasBatchAppend ? [method('batchappend', ['deadline_duration'])] : []),
    method('delete'),
    method('tombstone'),
    // Facts 2.6.
    ...(isFrom(version, '25.1') ? [method('appendsession', [], SECOND)] : []),
    ...(isFrom(version, '26.1') ? [method('appendrecords', [], SECOND)] : []),
  ])
}

function isFrom(version: string, first: string): boolean {
  return Number(version) >= Number(first)
}
