import Hls, { type FragmentLoaderContext, type HlsConfig, type Loader, type LoaderCallbacks } from 'hls.js'

/** Bytes of subtitles that a segment may have: hours of speech. More would only hold up the page. */
const MAX_TEXT_BYTES = 512 * 1024

type FragmentLoader = new (config: HlsConfig) => Loader<FragmentLoaderContext>

const DefaultLoader = Hls.DefaultConfig.loader as unknown as FragmentLoader

/** hls.js's own loader, which hands on no more of a segment of subtitles than a page can read at once. */
export class BoundedLoader extends DefaultLoader {
  override load(
    context: FragmentLoaderContext,
    config: Parameters<Loader<FragmentLoaderContext>['load']>[1],
    callbacks: LoaderCallbacks<FragmentLoaderContext>,
  ): void {
    const onSuccess: typeof callbacks.onSuccess = (response, ...rest) => {
      const { data } = response
      const isTooLong =
        context.frag.type === 'subtitle' && data instanceof ArrayBuffer && data.byteLength > MAX_TEXT_BYTES
      callbacks.onSuccess(isTooLong ? { ...response, data: data.slice(0, MAX_TEXT_BYTES) } : response, ...rest)
    }
    super.load(context, config, { ...callbacks, onSuccess })
  }
}
