/** What the player page shows of itself to tests and to a curious user's console. */
interface Window {
  readonly cuemux: {
    readonly video: HTMLVideoElement
    readonly hls: {
      readonly audioTracks: readonly { readonly lang?: string }[]
      readonly audioTrack: number
      readonly subtitleTracks: readonly { readonly lang?: string; readonly name: string }[]
      readonly subtitleTrack: number
      /** The rungs, by their bit rates. */
      readonly levels: readonly { readonly height: number }[]
      readonly currentLevel: number
      /** Which rung comes next, as soon as it can. */
      nextLevel: number
      on(event: string, listener: (event: string, data: { details: string; fatal: boolean }) => void): void
    }
  }
}
