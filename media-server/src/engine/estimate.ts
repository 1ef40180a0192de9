/**
 * Whether a viewer's bandwidth is estimated. The estimate chooses among layers; a stream with one layer offers no choice,
 * and the bookkeeping of every packet costs the worker about as much as encrypting it.
 */
import type { types } from 'mediasoup';

const TRANSPORT_CC = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';

/** What a receiver of one-layer streams is asked for: neither transport-wide feedback nor REMB. */
export function withoutEstimate(capabilities: types.RtpCapabilities): types.RtpCapabilities {
  return {
    codecs: (capabilities.codecs ?? []).map((codec) => ({
      ...codec,
      rtcpFeedback: (codec.rtcpFeedback ?? []).filter(({ type }) => type !== 'transport-cc' && type !== 'goog-remb'),
    })),
    headerExtensions: (capabilities.headerExtensions ?? []).filter(({ uri }) => uri !== TRANSPORT_CC),
  };
}
