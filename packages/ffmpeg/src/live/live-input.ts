/** Where a request for a live address says who asks. */
export interface HttpLiveOptions {
  /** `User-Agent`. */
  readonly userAgent?: string | undefined
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A stream that one HTTP answer brings without end: MPEG-TS as a rule, or any other container that ffmpeg reads. */
export interface HttpLiveInput extends HttpLiveOptions {
  readonly kind: 'http-ts'
  readonly url: string
}

/** A live HLS playlist; of a multivariant one the best variant within the limits is read. */
export interface HlsLiveInput extends HttpLiveOptions {
  readonly kind: 'hls'
  readonly url: string
  /** Greatest height of the variant, pixels. */
  readonly maxHeight?: number | undefined
  /** Greatest BANDWIDTH of the variant, bits/s. */
  readonly maxBandwidthBps?: number | undefined
}

/** A camera or server of RTSP. */
export interface RtspLiveInput {
  readonly kind: 'rtsp'
  /** `rtsp://` or `rtsps://`. */
  readonly url: string
  /** What carries the media; default `tcp`, which loses nothing. */
  readonly transport?: 'tcp' | 'udp' | undefined
}

/** A transport stream by UDP, to one host or a group. */
export interface UdpLiveInput {
  readonly kind: 'udp'
  /** Group, or own address to listen at. */
  readonly host: string
  readonly port: number
  /** Own address through which a group is joined. */
  readonly localAddress?: string | undefined
}

/** A transport stream by SRT. */
export interface SrtLiveInput {
  readonly kind: 'srt'
  readonly host: string
  readonly port: number
  /** Who connects: we (`caller`, the default) or the sender (`listener`). */
  readonly mode?: 'caller' | 'listener' | undefined
  readonly streamId?: string | undefined
  /** 10 to 79 characters. */
  readonly passphrase?: string | undefined
  /** Receiver's buffer, ms; default SRT's own, 120. */
  readonly latencyMs?: number | undefined
}

/** A capture card or a camera of this machine, by name. */
export interface DeviceLiveInput {
  readonly kind: 'device'
  readonly system: 'v4l2' | 'deltacast' | 'decklink'
  /** `/dev/video0`, the port's number of a Deltacast card, the name that a DeckLink card has. */
  readonly name: string
  /** What the device is asked for (V4L2): pixels. */
  readonly size?: { readonly width: number; readonly height: number } | undefined
  /** What the device is asked for (V4L2): frames a second. */
  readonly frameRate?: number | undefined
}

/** A film of this machine, played as it is live: in real time, once or again and again. */
export interface FileLiveInput {
  readonly kind: 'file'
  readonly path: string
  /** Begins anew at its end. Default false. */
  readonly isLooped?: boolean | undefined
}

/** A picture, and a sound, that ffmpeg makes itself. */
export interface TestLiveInput {
  readonly kind: 'lavfi'
  /** Filter graph, as `testsrc2=size=426x240:rate=25[out0];sine=frequency=440[out1]`. */
  readonly graph: string
}

/** Where a live stream comes from. */
export type LiveInput =
  | HttpLiveInput
  | HlsLiveInput
  | RtspLiveInput
  | UdpLiveInput
  | SrtLiveInput
  | DeviceLiveInput
  | FileLiveInput
  | TestLiveInput
