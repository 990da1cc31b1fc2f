import type { PublishBody, PublishStore, PutOptions, StoredFile } from '@cuemux/store'

/**
 * A store that is asked first whether it has a file already, where an upload may have reached it whose answer got lost: with each repeated attempt and, in a
 * job that goes on, with the first one as well.
 *
 * @param isMedia whether a path is that of media, which doesn't change
 */
export function sparingStore(
  store: PublishStore,
  isResumed: boolean,
  isMedia: (path: string) => boolean,
): Pick<PublishStore, 'put'> {
  const tried = new Set<string>()
  const put = async (path: string, body: PublishBody, options?: PutOptions): Promise<StoredFile> => {
    if (!isMedia(path) || !isPieces(body)) return await store.put(path, body, options)
    const isDoubtful = isResumed || tried.has(path)
    tried.add(path)
    const found = isDoubtful ? await store.find?.(path, body, { signal: options?.signal }) : undefined
    const file = found ?? (await store.put(path, body, options))
    tried.delete(path)
    return file
  }
  return { put }
}

function isPieces(body: PublishBody): body is readonly Uint8Array[] {
  return Array.isArray(body)
}
