/** The outside client has no types of its own; these are the parts that tests use. */
declare module 'whip-whep/whip.js' {
  export class WHIPClient {
    onOffer: (sdp: string) => string;
    publish(connection: RTCPeerConnection, url: string, token?: string): Promise<void>;
    restart(): Promise<void>;
    stop(): Promise<void>;
  }
}
declare module 'whip-whep/whep.js' {
  export class WHEPClient extends EventTarget {
    onOffer: (sdp: string) => string;
    view(connection: RTCPeerConnection, url: string, token?: string): Promise<void>;
    restart(): Promise<void>;
    stop(): Promise<void>;
  }
}
